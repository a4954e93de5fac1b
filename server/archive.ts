import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { makeZip, predictLength } from 'client-zip';
import { freeName } from '../shared/file-name.ts';
import {
  type ContentAsk,
  type ContentPlan,
  type Download,
  downloadAnswer,
  type StoredContent,
} from './content.ts';
import type { PartStore } from './part-store.ts';

/** A file that is to go into an archive, and the folder it is in there. */
export interface Entry extends StoredContent {
  readonly path: string;
}

/** A ZIP of stored files, whose bytes are the same each time they are made: a download can be gone on with. */
export interface ZipDownload extends Download {
  readonly members: readonly Member[];
}

/** As `client-zip` wants to know of it. */
interface Member {
  readonly name: string;
  readonly size: number;
  readonly lastModified: Date;
  readonly storageKey: string;
}

/** What the dates of a ZIP can say (APPNOTE 4.4.6), a day off either end for zones. */
const FIRST_DATE = Date.UTC(1980, 0, 2);
const LAST_DATE = Date.UTC(2107, 11, 30);

/** The archive called `name` of these files. They are not compressed: most of what is large is so already. */
export function archiveOf(name: string, entries: readonly Entry[]): ZipDownload {
  const members = membersOf(entries);
  const hash = createHash('sha256');
  for (const { file, path } of entries)
    hash.update(JSON.stringify([path, file.name, file.etag, file.lastModified]));
  return {
    name: `${name}.zip`,
    type: 'application/zip',
    size: Number(predictLength(members)),
    etag: hash.digest('base64url'),
    storedAt: Math.max(...entries.map(({ file }) => file.storedAt)),
    members,
  };
}

/** What was planned of an archive. Nothing of it is kept: it is made as it is sent. */
export function archiveAnswer(
  store: PartStore,
  archive: ZipDownload,
  ask: ContentAsk,
  plan: ContentPlan,
): Promise<Response> {
  return downloadAnswer(archive, ask, plan, (start, end) =>
    Readable.from(slice(zipOf(store, archive.members), start, end), { objectMode: false }),
  );
}

/** Names differ for file systems that do not tell `a` from `A` as well. */
function membersOf(entries: readonly Entry[]): Member[] {
  const taken = new Set<string>();
  return entries.map(({ path, file, storageKey }) => {
    const within = (name: string) => (path === '' ? name : `${path}/${name}`);
    const name = within(freeName(file.name, (candidate) => taken.has(within(candidate).toLowerCase())));
    taken.add(name.toLowerCase());
    const lastModified = new Date(Math.min(Math.max(file.lastModified, FIRST_DATE), LAST_DATE));
    return { name, size: file.size, lastModified, storageKey };
  });
}

/** The bytes of the archive. Each file is opened when its turn comes, and closed when nobody wants more. */
async function* zipOf(store: PartStore, members: readonly Member[]): AsyncGenerator<Uint8Array> {
  let open: Readable | null = null;
  async function* inputs() {
    for (const { name, size, lastModified, storageKey } of members) {
      open = size === 0 ? null : await store.read(storageKey, 0, size);
      yield { name, lastModified, input: open ?? new Uint8Array() };
    }
  }
  const zip = makeZip(inputs()).getReader();
  try {
    for (;;) {
      const { value, done } = await zip.read();
      if (done) return;
      yield value;
    }
  } finally {
    await zip.cancel().catch(() => undefined); // it throws what it is cancelled with
    (open as Readable | null)?.destroy();
  }
}

/**
 * Bytes `start` up to, not including, `end`. Those before are made too, and dropped: the directory at the end of a ZIP
 * holds checksums of everything.
 */
async function* slice(
  bytes: AsyncIterable<Uint8Array>,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of bytes) {
    const wanted = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
    if (wanted.length > 0) yield wanted;
    at += chunk.length;
    if (at >= end) return;
  }
}
