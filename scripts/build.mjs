import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceHash } from './source-hash.mjs';

const root = join(import.meta.dirname, '..');
const stampFile = join(root, 'dist', '.build');

/**
 * Builds page and worker into `dist/`, unless they were built from these very sources. Throws when the build
 * fails; its own words are on the terminal by then.
 *
 * A child process, because the server that starts next in this one would carry the bundler's memory for life.
 */
export function buildIfChanged() {
  const wanted = sourceHash(root);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const { status } = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('The build failed');
  // Last, so that a build that was stopped half-way is not taken for a whole one.
  writeFileSync(stampFile, wanted);
}
