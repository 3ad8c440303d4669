/** The part of the program that comes after a widget's first answer: the cache, its inspector, and what fills it. */
export { pageCache } from "./cache.js";
export { keepFetched, noteUse } from "./fetched.js";
