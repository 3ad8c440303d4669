/** Fetches chunks of views when they are first wanted, once per page, and says how it went. */
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { jsx } from "preact/jsx-runtime";
import type { BatchViews } from "../batch.js";
import { toWire } from "../errors.js";
import type { PanelViews } from "../panels.js";
import type { Kit } from "./kit.js";

export interface Chunks {
  readonly "panels.js": PanelViews;
  readonly "batch.js": BatchViews;
}
export type ChunkName = keyof Chunks;
export interface ChunkModule {
  create(kit: Kit): Chunks[ChunkName];
}
export type ImportChunk = (name: ChunkName) => Promise<ChunkModule>;

const KIT: Kit = { jsx, Fragment, hooks: { useEffect, useMemo, useRef, useState }, signals: { batch, signal } };

export class LazyViews {
  readonly #import: ImportChunk;
  readonly #views = signal<Partial<Chunks>>({});
  readonly #problem = signal("");
  readonly #wanted = new Set<ChunkName>();

  constructor(importChunk: ImportChunk) {
    this.#import = importChunk;
  }

  get views(): ReadonlySignal<Partial<Chunks>> {
    return this.#views;
  }

  /** The rules of all chunks that are here. */
  get styles(): string {
    return Object.values(this.#views.value).map(({ styles }) => styles).join("");
  }

  /** Why the last chunk that was asked for did not come; "" where nothing is wrong. */
  get problem(): ReadonlySignal<string> {
    return this.#problem;
  }

  /** Asks for a chunk; a second call asks again only where the first one failed. */
  open(name: ChunkName): void {
    if (this.#wanted.has(name)) return;
    this.#wanted.add(name);
    this.#problem.value = "";
    this.#import(name).then(
      (module) => { this.#views.value = { ...this.#views.value, [name]: module.create(KIT) }; },
      (error: unknown) => {
        const { message, action } = toWire(error);
        this.#wanted.delete(name);
        this.#problem.value = `${message} ${action}`.trim();
      },
    );
  }
}

/** Imports a module from its bytes. */
export async function importBytes(bytes: Uint8Array<ArrayBuffer>): Promise<unknown> {
  const url = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
  try {
    return await import(/* webpackIgnore: true */ /* @vite-ignore */ url);
  } finally {
    URL.revokeObjectURL(url);
  }
}
