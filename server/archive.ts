import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { archiveNames } from '../shared/archive-names.ts';
import {
  type ContentAsk,
  type ContentPlan,
  type Download,
  downloadAnswer,
  type StoredContent,
} from './content.ts';
import type { PartStore } from './part-store.ts';
import { layOut, type ZipLayout, type ZipMember, zipDescriptor, zipDirectory, zipHeader } from './zip.ts';

/** A file that is to go into an archive, and the folder it is in there. */
export interface Entry extends StoredContent {
  readonly path: string;
}

/** A ZIP of stored files. Its bytes are the same each time they are made, so that a download can be gone on with. */
export interface ZipDownload extends Download {
  readonly members: readonly Member[];
  readonly layout: ZipLayout;
}

interface Member extends ZipMember {
  readonly storageKey: string;
}

/** To be changed with anything that changes the bytes of an archive: downloads that are under way begin anew then. */
const FORMAT = 'zip 1';
/** Checksums that are remembered: some 100 bytes each. */
const MOST_CRCS = 100_000;

/** The archive called `name` of these files. They are not compressed: most of what is large is so already. */
export function archiveOf(name: string, entries: readonly Entry[]): ZipDownload {
  const names = archiveNames(entries.map(({ path, file }) => ({ path, name: file.name })));
  const members = entries.map(({ file: { size, lastModified }, storageKey }, n): Member => {
    return { name: names[n] ?? '', size, lastModified, storageKey };
  });
  const hash = createHash('sha256').update(FORMAT);
  for (const [n, { file }] of entries.entries())
    hash.update(JSON.stringify([names[n], file.etag, file.size, file.lastModified]));
  const layout = layOut(members);
  return {
    name: `${name}.zip`,
    type: 'application/zip',
    size: layout.size,
    etag: hash.digest('base64url'),
    storedAt: entries.reduce((latest, { file }) => Math.max(latest, file.storedAt), 0),
    members,
    layout,
  };
}

/**
 * Makes archives as they are sent; nothing of them is kept but checksums.
 *
 * A ZIP has the checksum of each file after its bytes, and once more at its end. Who goes on with a download is sent what
 * is missing without the rest being read, but for files of which no checksum is known since the server was started.
 */
export class Archiver {
  readonly #store: PartStore;
  /** By storage key, under which bytes never change. */
  readonly #crcs = new Map<string, number>();

  constructor(store: PartStore) {
    this.#store = store;
  }

  /** What was planned of an archive. */
  answer(archive: ZipDownload, ask: ContentAsk, plan: ContentPlan): Promise<Response> {
    return downloadAnswer(archive, ask, plan, (start, end) => {
      // A generator that reads what nobody is sent hears of no end.
      const isOver = () => stream.destroyed;
      const stream = Readable.from(this.#bytes(archive, start, end, isOver), { objectMode: false });
      return stream;
    });
  }

  /** Bytes `start` up to, not including, `end`. */
  async *#bytes(
    { members, layout }: ZipDownload,
    start: number,
    end: number,
    isOver: () => boolean,
  ): AsyncGenerator<Buffer> {
    /** What of `bytes`, which stand `at`, is wanted. */
    const wanted = (bytes: Buffer, at: number) =>
      bytes.subarray(Math.max(0, start - at), Math.max(0, end - at));
    const isWanted = (from: number, to: number) => from < end && to > start;
    const wantsDirectory = isWanted(layout.directoryAt, layout.size);
    const crcs: number[] = [];
    for (const [n, member] of members.entries()) {
      const place = layout.places[n];
      if (!place) continue;
      const { headerAt, dataAt, descriptorAt } = place;
      if (isWanted(headerAt, dataAt)) yield wanted(zipHeader(member), headerAt);
      const wantsDescriptor = isWanted(descriptorAt, place.end);
      const known = this.#crcs.get(member.storageKey);
      const needsCrc = known === undefined && (wantsDescriptor || wantsDirectory);
      const from = needsCrc ? 0 : Math.min(Math.max(start - dataAt, 0), member.size);
      const to = needsCrc ? member.size : Math.min(Math.max(end - dataAt, 0), member.size);
      let crc = known ?? 0;
      let at = dataAt + from;
      for await (const bytes of from < to ? await this.#store.read(member.storageKey, from, to) : []) {
        if (isOver()) return;
        if (needsCrc) crc = crc32(bytes, crc);
        if (isWanted(at, at + bytes.length)) yield wanted(bytes, at);
        at += bytes.length;
      }
      if (at !== dataAt + to) throw new Error(`${member.storageKey} has not the bytes that it should have`);
      if (needsCrc) this.#noteCrc(member, crc);
      crcs.push(crc);
      if (wantsDescriptor) yield wanted(zipDescriptor(member, crc), descriptorAt);
    }
    if (wantsDirectory) yield wanted(zipDirectory(members, layout, crcs), layout.directoryAt);
  }

  #noteCrc({ storageKey }: Member, crc: number): void {
    const [oldest] = this.#crcs.keys();
    if (oldest !== undefined && this.#crcs.size >= MOST_CRCS) this.#crcs.delete(oldest);
    this.#crcs.set(storageKey, crc);
  }
}
