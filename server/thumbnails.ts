import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Logger } from 'pino';
import type { StoredFile } from '../shared/api.ts';
import { hasThumbnail } from '../shared/preview.ts';
import type { PartStore } from './part-store.ts';

type Sharp = typeof import('sharp').default;

/** The longer side of a thumbnail, in pixels. */
export const THUMBNAIL_PIXELS = 320;
const QUALITY = 75;
/** Pictures that are decoded at the same time: each may take some hundred megabytes. */
const AT_ONCE = 2;
/** A picture that takes longer than this to decode gets none. */
const TIMEOUT_SECONDS = 20;
/** What decodes the kinds of pictures that may have one. All else stays shut: SVG, PDF, and what is known to few. */
const DECODERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif', 'Tiff'].map((name) => `VipsForeignLoad${name}`);

/** A file whose thumbnail is wanted, and where its bytes are. */
export interface Picture {
  readonly file: Pick<StoredFile, 'name' | 'type' | 'size'>;
  readonly storageKey: string;
}

/**
 * Small pictures of stored pictures, made when they are first asked for and kept beside the files: `thumbnails/KEY.webp`,
 * or an empty `thumbnails/KEY.none` for what cannot be decoded, so that nobody tries again.
 *
 * Strangers' bytes are decoded here. What may be decoded, how large it may be and how long it may take are bounded.
 */
export class Thumbnails {
  readonly #folder: string;
  readonly #store: PartStore;
  readonly #log: Logger;
  readonly #maxPixels: number;
  readonly #making = new Map<string, Promise<Buffer | null>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #sharp: Promise<Sharp> | null = null;

  private constructor(folder: string, store: PartStore, log: Logger, maxPixels: number) {
    this.#folder = folder;
    this.#store = store;
    this.#log = log;
    this.#maxPixels = maxPixels;
  }

  /** Opens the thumbnails below `dataDir`; pictures of more than `maxPixels` get none. */
  static async open(dataDir: string, store: PartStore, log: Logger, maxPixels: number): Promise<Thumbnails> {
    const folder = join(dataDir, 'thumbnails');
    await mkdir(folder, { recursive: true });
    return new Thumbnails(folder, store, log, maxPixels);
  }

  /** The thumbnail as WebP, or null where there is none. */
  async of(picture: Picture): Promise<Buffer | null> {
    if (!hasThumbnail(picture.file)) return null;
    const key = picture.storageKey;
    const running = this.#making.get(key);
    if (running) return running;
    const making = this.#keptOrMade(picture).finally(() => this.#making.delete(key));
    this.#making.set(key, making);
    return making;
  }

  /** Removes what is kept for `key`, whose file is gone already: what is being made now is waited for. */
  async remove(key: string): Promise<void> {
    await this.#making.get(key)?.catch(() => null); // whoever asked for it hears of it
    for (const path of [this.#picture(key), this.#none(key)]) await rm(path, { force: true });
  }

  async #keptOrMade(picture: Picture): Promise<Buffer | null> {
    const kept = await this.#kept(picture.storageKey);
    return kept === 'unknown' ? this.#inTurn(() => this.#make(picture)) : kept;
  }

  async #kept(key: string): Promise<Buffer | null | 'unknown'> {
    const picture = await readFile(this.#picture(key)).catch(unlessMissing);
    if (picture) return picture;
    return (await readFile(this.#none(key)).catch(unlessMissing)) ? null : 'unknown';
  }

  async #make({ file, storageKey }: Picture): Promise<Buffer | null> {
    const sharp = await this.#load();
    if (!sharp) return null;
    // The whole of it, and not its path: the store decides where bytes are. `hasThumbnail` bounds the size.
    const source = await buffer(await this.#store.read(storageKey, 0, file.size));
    let small: Buffer | null = null;
    try {
      small = await sharp(source, { limitInputPixels: this.#maxPixels, failOn: 'error', animated: false })
        .timeout({ seconds: TIMEOUT_SECONDS })
        .autoOrient()
        .resize({
          width: THUMBNAIL_PIXELS,
          height: THUMBNAIL_PIXELS,
          fit: 'inside',
          withoutEnlargement: true,
        })
        .webp({ quality: QUALITY }) // metadata is left out unless it is asked for
        .toBuffer();
    } catch {
      // No picture after all, a broken one, or one that is over a limit. What exactly, nobody needs to know.
    }
    await this.#keep(storageKey, small);
    return small;
  }

  async #keep(key: string, small: Buffer | null): Promise<void> {
    const path = small ? this.#picture(key) : this.#none(key);
    try {
      await writeFile(`${path}.new`, small ?? '', { mode: 0o600 });
      await rename(`${path}.new`, path);
    } catch (error) {
      this.#log.warn({ err: error }, 'a thumbnail could not be kept'); // it is made again the next time
    }
  }

  /** Loaded when first needed: it is heavy, and many servers never see a picture. Null where it does not run. */
  async #load(): Promise<Sharp | null> {
    this.#sharp ??= import('sharp').then(({ default: sharp }) => {
      sharp.cache(false);
      sharp.concurrency(1);
      sharp.block({ operation: ['VipsForeignLoad'] });
      sharp.unblock({ operation: DECODERS });
      return sharp;
    });
    return this.#sharp.catch((error: unknown) => {
      this.#log.error({ err: error }, 'thumbnails cannot be made here');
      return null;
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }

  #picture(key: string): string {
    return join(this.#folder, `${key}.webp`);
  }

  #none(key: string): string {
    return join(this.#folder, `${key}.none`);
  }
}

function unlessMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}
