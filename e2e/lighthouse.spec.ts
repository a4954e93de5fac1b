import { expect } from '@playwright/test';
import lighthouse from 'lighthouse';
import { test } from './journey.ts';

/** Of 1; performance depends on the machine and is only told. */
const LEAST = { accessibility: 0.95, 'best-practices': 0.95 };
/** What the signed-in app may bring with its first load, gzipped, in bytes. */
const BUDGETS = { Script: 60 * 1024, Stylesheet: 15 * 1024, Font: 0 };

/** The head of one answer of our server, in bytes, about; Lighthouse counts it in. */
const HEAD_BYTES = 700;

interface Report {
  categories: Record<string, { score: number | null }>;
  audits: Record<string, { score: number | null; details?: unknown }>;
}
interface Transfer {
  url: string;
  transferSize: number;
  resourceType: string;
}

test('Lighthouse finds the pages accessible, well made and light', async ({ journey }) => {
  test.setTimeout(180_000);
  const { browser, stage } = journey;
  judge('/signin', await audit(browser.port, `${stage.origin}/signin`));
  const tab = await journey.signedInTab();
  await tab.until(() => document.querySelector('[data-pick]'));
  judge('/library', await audit(browser.port, `${stage.origin}/library`));
  // A first visit by somebody who is signed in: no worker yet that has everything.
  await tab.go('about:blank');
  await tab.forgetStorage(stage.origin);
  await tab.forgetHttpCache();
  await tab.close();
  const first = await audit(browser.port, `${stage.origin}/app`);
  judge('/app', first);
  for (const [type, most] of Object.entries(BUDGETS)) {
    const bytes = bytesOf(type, first);
    const figure = `${type}: ${bytes} bytes of ${most}`;
    console.log(figure);
    test.info().annotations.push({ type: 'figure', description: figure });
    expect(bytes, figure).toBeLessThanOrEqual(most);
  }
  expect(bytesOf('Script', first)).toBeGreaterThan(0);
});

function judge(path: string, { categories, audits }: Report): void {
  const scores = Object.fromEntries(Object.entries(categories).map(([name, { score }]) => [name, score]));
  const figure = `${path}: ${JSON.stringify(scores)}`;
  console.log(figure);
  test.info().annotations.push({ type: 'figure', description: figure });
  const failed = Object.entries(audits).flatMap(([id, { score }]) => (score === 0 ? [id] : []));
  for (const [name, least] of Object.entries(LEAST)) {
    expect(scores[name], `${name} of ${path}; not passed: ${failed.join(', ')}`).toBeGreaterThanOrEqual(
      least,
    );
  }
}

/** What came over the network of one type, without the heads; the worker has a budget of its own. */
function bytesOf(type: string, { audits }: Report): number {
  return transfersIn(audits)
    .filter(({ resourceType, url }) => resourceType === type && !url.endsWith('/sw.js'))
    .reduce((sum, { transferSize }) => sum + Math.max(0, transferSize - HEAD_BYTES), 0);
}

/** The page as Lighthouse finds it, with the cookies and the storage of the browser at `port`. */
async function audit(port: number, url: string): Promise<Report> {
  const result = await lighthouse(url, {
    port,
    output: 'json',
    logLevel: 'error',
    onlyCategories: ['accessibility', 'best-practices', 'performance'],
    disableStorageReset: true,
  });
  if (!result) throw new Error(`No report on ${url}`);
  return result.lhr as Report;
}

function transfersIn(audits: Report['audits']): Transfer[] {
  const details = audits['network-requests']?.details;
  return typeof details === 'object' && details !== null && 'items' in details
    ? (details.items as Transfer[])
    : [];
}
