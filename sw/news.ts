import { NEWS_CHANNEL, type News, type Snapshot } from '../shared/protocol.ts';
import type { Totals, UploadView } from '../shared/upload-view.ts';
import type { Engine } from './engine.ts';

/** Pages are told of progress at most this often, in ms. */
const NEWS_EVERY_MS = 250;
/** Room for the news of one engine generation in `rev`, so that it keeps rising over restarts of the worker. */
const REVS_PER_GENERATION = 2 ** 32;

const channel = new BroadcastChannel(NEWS_CHANNEL);

/** Tells every page; this worker does not hear itself. */
export function postNews(news: News): void {
  channel.postMessage(news);
}

/** Gathers what has changed and tells the pages of it a few times a second. */
export class NewsDesk {
  #engine: Engine;
  #onTotals: (totals: Totals) => void;
  #changed = new Set<string>();
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #postedAt = 0;

  /** `onTotals` hears what the pages hear of the list as a whole. */
  constructor(engine: Engine, onTotals: (totals: Totals) => void) {
    this.#engine = engine;
    this.#onTotals = onTotals;
  }

  get rev(): number {
    return this.#engine.list.generation * REVS_PER_GENERATION + this.#count;
  }

  snapshot(): Snapshot {
    return this.#engine.snapshot(this.rev);
  }

  note(ids: readonly string[]): void {
    for (const id of ids) this.#changed.add(id);
    const wait = Math.max(0, this.#postedAt + NEWS_EVERY_MS - Date.now());
    this.#timer ??= setTimeout(() => this.#post(), wait);
  }

  #post(): void {
    this.#timer = null;
    this.#postedAt = Date.now();
    const rows: UploadView[] = [];
    const removed: string[] = [];
    for (const id of this.#changed) {
      const row = this.#engine.list.row(id);
      if (row) rows.push(row);
      else removed.push(id);
    }
    this.#changed.clear();
    this.#count++;
    const totals = this.#engine.totals();
    postNews({ type: 'uploads', rev: this.rev, totals, rows, removed });
    this.#onTotals(totals);
  }
}
