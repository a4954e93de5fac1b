import { test } from './journey.ts';
import { seedLibrary } from './library-seed.ts';
import type { Tab } from './tab.ts';

test('turning to a page names the window and moves the focus to its heading', async ({ journey }) => {
  const tab = await journey.signedInTab();
  await seedLibrary(journey.stage, tab, 3);
  await tab.until(() => document.activeElement === document.body); // a page that was opened is not turned to
  await follow(tab, '/library');
  await isAt(tab, 'Library · Holdfast', 'h1');
  await follow(tab, '/settings');
  await isAt(tab, 'Settings · Holdfast', 'h1');
  await follow(tab, '/nowhere');
  await isAt(tab, 'There is nothing at this address · Holdfast', 'h1');
  await tab.evaluate(() => history.back());
  await isAt(tab, 'Settings · Holdfast', 'h1');
  await follow(tab, '/app');
  await isAt(tab, 'Holdfast', 'h1');

  // The search is where the key leads, and another search is no other page.
  await tab.press('/');
  await isAt(tab, 'Library · Holdfast', 'input[type=search]');
  await tab.enter('[data-search]', 'x');
  await tab.until(() => location.search === '?q=x');
  await isAt(tab, 'Library · Holdfast', 'input[type=search]');
});

/** By a link, as a person without a mouse would. */
async function follow(tab: Tab, path: string): Promise<void> {
  await tab.evaluate((to) => {
    const link = document.createElement('a');
    link.href = to;
    link.textContent = to;
    document.body.append(link);
    link.focus();
    link.click();
  }, path);
}

/** The window is called `title`, and what `selector` names has the focus. */
function isAt(tab: Tab, title: string, selector: string): Promise<void> {
  return tab.until(
    (name, at) => document.title === name && document.activeElement?.matches(`main ${at}`),
    title,
    selector,
  );
}
