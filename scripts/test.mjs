// `npm test`: everything CI checks, in the order in which a failure is cheapest to hear of.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const root = join(import.meta.dirname, '..');
const modules = join(root, 'node_modules');
const unitReport = join(root, 'test-results', 'unit.json');
const browserReport = join(root, 'test-results', 'browser.json');

const steps = [
  ['Format and lint', '@biomejs/biome/bin/biome', 'check', '.'],
  ['Types', 'typescript/bin/tsc', '-b'],
  [
    'Unit and server tests',
    'vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${unitReport}`,
  ],
  ['Build', '../scripts/build-now.mjs'],
  ['Browser tests', '@playwright/test/cli.js', 'test'],
];

// A report of the run before must not be counted for one that never came.
for (const report of [unitReport, browserReport]) rmSync(report, { force: true });

const failedStep = steps.find(([title, script, ...args]) => !passes(title, script, args));
const unit = countUnit();
const browser = countBrowser();
const passed = unit.passed + browser.passed;
const failed = unit.failed + browser.failed;
// Once more in a few words, where whoever sees the end of a long output finds it.
for (const { title, words } of [...unitFailures(), ...browserFailures()])
  console.log(`\n✘ ${title}\n  ${words}`);
if (failedStep) console.log(`\nStopped: "${failedStep[0]}" failed.`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failedStep || failed > 0 ? 1 : 0;

function passes(title, script, args) {
  console.log(`\n── ${title}`);
  const startedAt = performance.now();
  const { status } = spawnSync(process.execPath, [join(modules, script), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`   ${status === 0 ? 'ok' : 'FAILED'} in ${seconds} s`);
  return status === 0;
}

function countUnit() {
  const report = readReport(unitReport);
  return { passed: report?.numPassedTests ?? 0, failed: report?.numFailedTests ?? 0 };
}

function countBrowser() {
  const stats = readReport(browserReport)?.stats;
  // A test that passed at its second try did pass, and Playwright's list names it.
  return { passed: (stats?.expected ?? 0) + (stats?.flaky ?? 0), failed: stats?.unexpected ?? 0 };
}

function unitFailures() {
  const files = readReport(unitReport)?.testResults ?? [];
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  return tests
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages }) => ({ title: fullName, words: inBrief(failureMessages[0]) }));
}

function browserFailures() {
  const specs = (readReport(browserReport)?.suites ?? []).flatMap(specsOf);
  return specs
    .filter(({ ok }) => !ok)
    .map(({ title, tests }) => {
      const errors = tests[0]?.results[0]?.errors ?? [];
      const words = errors.map(({ message, location }) => {
        return `${inBrief(message)} (${basename(location?.file ?? '')}:${location?.line})`;
      });
      return { title, words: words.join('\n  ') };
    });
}

function specsOf({ specs, suites }) {
  return [...(specs ?? []), ...(suites ?? []).flatMap(specsOf)];
}

/** The beginning of an error, in one line. */
function inBrief(message = 'no message') {
  const lines = stripVTControlCharacters(message)
    .split('\n')
    .map((line) => line.trim());
  return lines.filter(Boolean).slice(0, 4).join(' | ').slice(0, 300);
}

function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}
