// `npm run bench`: installs what only the benchmark needs, builds the product, and measures.
// `-- --only clean-256,small-200` picks scenarios, `--runs 5` says how often; `bench/results/` gets the table.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildIfChanged } from '../scripts/build.mjs';

if (!existsSync(join(import.meta.dirname, 'node_modules', 'tus-js-client'))) {
  const { status } = spawnSync(
    process.execPath,
    [process.env.npm_execpath ?? '', 'ci', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: import.meta.dirname, stdio: 'inherit' },
  );
  if (status !== 0) process.exit(1);
}
try {
  buildIfChanged();
} catch (error) {
  // The others can be measured while the product does not build.
  console.error(error.message);
}
const { main } = await import('./bench.ts');
await main(process.argv.slice(2));
