import { test } from './journey.ts';
import { seedLibrary } from './library-seed.ts';
import type { Tab } from './tab.ts';

test('turning to a page names the window and moves the focus to its heading', async ({ journey }) => {
  const tab = await journey.signedInTab();
  await seedLibrary(journey.stage, tab, 3);
  await tab.reload();
  // A page that was opened is not turned to; a link that is clicked before the app is there opens one.
  await tab.until(() => document.querySelector('[data-pick]') && document.activeElement === document.body);
  await follow(tab, '/library');
  await isAt(tab, 'Library · Holdfast', 'h1');
  await follow(tab, '/settings');
  await isAt(tab, 'Settings · Holdfast', 'h1');
  await follow(tab, '/nowhere');
  await isAt(tab, 'There is nothing at this address · Holdfast', 'h1');
  // As where the page before goes only now.
  await tab.evaluate(() => document.activeElement?.replaceWith(document.activeElement.cloneNode(true)));
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

test('a page that was turned to before it was known who is here has the focus too', async ({ journey }) => {
  const tab = await journey.signedInTab();
  await tab.beforeScripts(holdCalls);
  await tab.reload();
  await tab.until(() => document.querySelector('.tabs'));
  await follow(tab, '/library');
  await tab.until(() => location.pathname === '/library');
  await tab.evaluate(() => (Reflect.get(globalThis, 'releaseCalls') as () => void)());
  await isAt(tab, 'Library · Holdfast', 'h1');
});

test('the keys of the library that are listed do what the list says', async ({ journey }) => {
  const tab = await journey.signedInTab();
  await seedLibrary(journey.stage, tab, 3);
  await tab.click('.tabs a[href="/library"]');
  await tab.until(() => document.querySelectorAll('[data-file]').length === 3);
  const [first, second, third] = (await ids(tab, 'file')).map((id) => `[data-file="${id}"]`);
  await tab.press('?');
  await tab.until(
    (keys) =>
      [...document.querySelectorAll('h3 + .shortcuts dd')].map(({ textContent }) => textContent).join() ===
      keys,
    '↑↓←→,←→,Ctrl+A,Shift+click,Ctrl+Z,Esc',
  );
  await tab.press('Escape');
  await tab.until(() => !document.querySelector('dialog'));

  await tab.press('a', { ctrl: true });
  await tab.until(() => document.querySelector('[data-selection="3"]'));
  await tab.press('Escape');
  await tab.until(() => !document.querySelector('[data-selection]'));
  await tab.click(`${first} [data-do=pick]`);
  await tab.evaluate((at) => {
    document.querySelector(at)?.dispatchEvent(new MouseEvent('click', { shiftKey: true, bubbles: true }));
  }, `${third} [data-do=pick]`);
  await tab.until(() => document.querySelector('[data-selection="3"]'));
  await tab.press('Escape');

  await tab.evaluate((at) => document.querySelector<HTMLElement>(at)?.focus(), `${first} [data-do=open]`);
  await tab.press('ArrowDown');
  await hasFocus(tab, `${second} [data-do=open]`);
  await tab.press('Enter');
  await tab.until(() => document.querySelector('.preview[open]'));
  await tab.press('ArrowRight');
  await tab.until((at) => document.querySelector(at), third?.replace('file', 'preview') ?? '');
  await tab.press('Escape');
  await hasFocus(tab, `${third} [data-do=open]`);
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

test('a question gives the focus back, and a row that goes hands it to the next', async ({ journey }) => {
  const files = await Promise.all(['a.txt', 'b.txt', 'c.txt'].map((name, n) => journey.file(name, 1000, n)));
  const tab = await journey.signedInTab();
  await tab.pick(files.map(({ path }) => path));
  await tab.until(() => document.querySelectorAll('[data-upload][data-state=stored]').length === 3);
  const rows = await ids(tab, 'upload');
  await pressOn(tab, `[data-upload="${rows[1]}"] [data-do=remove]`);
  await hasFocus(tab, `[data-upload="${rows[2]}"]`);
  await pressOn(tab, `[data-upload="${rows[2]}"] [data-do=remove]`);
  await hasFocus(tab, `[data-upload="${rows[0]}"]`);
  await pressOn(tab, `[data-upload="${rows[0]}"] [data-do=remove]`);
  await hasFocus(tab, 'h1');

  await tab.click('.tabs a[href="/library"]');
  await tab.until(() => document.querySelectorAll('[data-file]').length === 3);
  const [first, second, third = ''] = (await ids(tab, 'file')).map((id) => `[data-file="${id}"]`);
  await pressOn(tab, `${first} [data-do=rename]`);
  await hasFocus(tab, `${first} input`);
  await tab.press('Escape');
  await hasFocus(tab, `${first} [data-do=rename]`);
  await pressOn(tab, `${first} [data-do=delete]`);
  await hasFocus(tab, `${first} .file-actions button:last-child`);
  await tab.press('Enter');
  await hasFocus(tab, `${first} [data-do=delete]`);
  await tab.press('Enter');
  await pressOn(tab, `${first} [data-do=delete-now]`);
  await hasFocus(tab, `${second} [data-do=delete]`);

  await tab.press('z', { ctrl: true });
  await tab.until((at) => document.querySelector(at), `${first} [data-do=delete]`);
  await hasFocus(tab, `${second} [data-do=delete]`);
  await pressOn(tab, `${first} [data-do=delete]`);
  await pressOn(tab, `${first} [data-do=delete-now]`);
  // Tab gets there before it gets to the list.
  await tab.until(() => document.querySelector('.over-foot:has([data-undo]) ~ * .files'));
  await pressOn(tab, '[data-do=undo-delete]');
  await hasFocus(tab, `${first} [data-do=open]`);
  await pressOn(tab, `${first} [data-do=delete]`);
  await pressOn(tab, `${first} [data-do=delete-now]`);
  await hasFocus(tab, `${second} [data-do=delete]`);

  await pressOn(tab, `${third} [data-do=pick]`, ' ');
  await pressOn(tab, '[data-do-all=delete]');
  await hasFocus(tab, '[data-do-all=keep]');
  await tab.press('Enter');
  await hasFocus(tab, '[data-do-all=delete]');
  await tab.press('Enter');
  await pressOn(tab, '[data-do-all=delete-now]');
  await hasFocus(tab, 'h1');

  await tab.click('[data-do=settings]');
  await pressOn(tab, '[data-do=delete-account]');
  await hasFocus(tab, '[name=confirm-email]');
  await tab.press('Escape');
  await hasFocus(tab, '[data-do=delete-account]');
});

/** Of the rows that are shown, from the first. */
function ids(tab: Tab, of: 'upload' | 'file'): Promise<string[]> {
  return tab.evaluate(
    (name) =>
      [...document.querySelectorAll<HTMLElement>(`[data-${name}]`)].map((row) => row.dataset[name] ?? ''),
    of,
  );
}

/** Presses a key on what `selector` names. */
async function pressOn(tab: Tab, selector: string, key = 'Enter'): Promise<void> {
  await tab.until((at) => document.querySelector(at), selector);
  await tab.evaluate((at) => document.querySelector<HTMLElement>(at)?.focus(), selector);
  await tab.press(key);
}

function hasFocus(tab: Tab, selector: string): Promise<void> {
  return tab.until((at) => document.activeElement?.matches(at), selector);
}

/** In the page: the worker hears nothing of it until `releaseCalls`. */
function holdCalls(): void {
  const post = ServiceWorker.prototype.postMessage;
  const held: (() => void)[] = [];
  ServiceWorker.prototype.postMessage = function (...args: unknown[]) {
    held.push(() => Reflect.apply(post, this, args));
  };
  Reflect.set(globalThis, 'releaseCalls', () => {
    ServiceWorker.prototype.postMessage = post;
    for (const send of held) send();
  });
}
