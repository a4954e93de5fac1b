import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What the built app and worker are made of; tests beside the sources count too, which does no harm. */
const inputs = ['app', 'sw', 'shared', 'locales', 'scripts', 'vite.config.ts', 'package-lock.json'];

/**
 * The build id: 12 hex digits that change when anything the build reads changes. `npm start` builds again when
 * it differs from the one in `dist/`, and pages and worker compare theirs.
 */
export function sourceHash(root) {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap((input) => filesIn(join(root, input))).sort()) {
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex').slice(0, 12);
}

function filesIn(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  if (stat.isFile()) return [path];
  return readdirSync(path).flatMap((name) => filesIn(join(path, name)));
}
