import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

/** What people wait for, gzipped, in bytes; the build fails over it and says by how much. */
const FIRST_LOAD_BYTES: Readonly<Record<string, number>> = {
  index: 60 * 1024,
  /** A shared link is opened by strangers, on whatever they have. */
  shared: 40 * 1024,
};
const CSS_BYTES = 15 * 1024;
const WORKER_BYTES = 40 * 1024;

/** Checks the scripts of the first load (texts are data, and come beside them), the one style sheet, and the worker once that is written. */
export function budget(outDir: string): Plugin {
  return {
    name: 'holdfast-budget',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const files = Object.values(bundle);
      const chunks = files.filter((file) => file.type === 'chunk');
      const entries = chunks.filter(({ isEntry, name }) => isEntry && name in FIRST_LOAD_BYTES);
      if (entries.length === 0) return; // the worker's own build
      const styles = files.filter((file) => file.type === 'asset' && file.fileName.endsWith('.css'));
      const css = styles.reduce((sum, file) => sum + (file.type === 'asset' ? packed(file.source) : 0), 0);
      if (styles.length !== 1) this.error(`${styles.length} style sheets instead of one`);
      for (const entry of entries) {
        const first = [...loadedWith(entry, bundle)].reduce((sum, { code }) => sum + packed(code), 0);
        check(`JavaScript of the first load of ${entry.name}`, first, FIRST_LOAD_BYTES[entry.name] ?? 0);
      }
      check('the style sheet', css, CSS_BYTES);
    },
    closeBundle: {
      // After the worker's own build, which the plugin before this one runs from the same hook.
      sequential: true,
      order: 'post',
      handler() {
        check('the worker', packed(readFileSync(join(outDir, 'sw.js'))), WORKER_BYTES);
      },
    },
  };
}

/** The entry and all that it imports statically, and so on. */
function loadedWith(
  entry: Rolldown.OutputChunk,
  bundle: Rolldown.OutputBundle,
  found = new Set<Rolldown.OutputChunk>(),
): Set<Rolldown.OutputChunk> {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const name of entry.imports) {
    const file = bundle[name];
    if (file?.type === 'chunk') loadedWith(file, bundle, found);
  }
  return found;
}

function packed(content: string | Uint8Array): number {
  return gzipSync(content).length;
}

function check(what: string, bytes: number, most: number): void {
  if (bytes > most) throw new Error(`${what}: ${bytes} bytes gzipped, over ${most}`);
}
