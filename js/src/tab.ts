/** This page's own random word: a comm broadcasts a kernel's message to every open page. */
export const tab = Math.random().toString(36).slice(2);
