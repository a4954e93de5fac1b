import { expect, test } from 'vitest';
import en from '../locales/en.json' with { type: 'json' };
import type { t } from './i18n.ts';
import { pageName, windowTitle } from './page-title.ts';

/** The English texts, filled in. */
const say: typeof t = (key, values = {}) => {
  const text = key.split('.').reduce<unknown>((tree, step) => (tree as Record<string, unknown>)[step], en);
  return String(text).replace(/\{\{(\w+)\}\}/g, (_, name) => String(values[name]));
};

function titleAt(path: string, facts: { percent?: string; needsYou?: number } = {}): string {
  const { percent = null, needsYou = 0 } = facts;
  return windowTitle({ page: pageName(path), percent, needsYou }, say);
}

test.each([
  ['/', 'Holdfast'],
  ['/app', 'Holdfast'],
  ['/library', 'Library · Holdfast'],
  ['/settings', 'Settings · Holdfast'],
  ['/diagnostics', 'Diagnostics · Holdfast'],
  ['/signin', 'Sign in · Holdfast'],
  ['/signin/complete', 'Sign in · Holdfast'],
  ['/nowhere', 'There is nothing at this address · Holdfast'],
])('the window at %s is called %s', (path, title) => {
  expect(titleAt(path)).toBe(title);
});

test('what there is to tell comes before the page', () => {
  expect(titleAt('/app', { percent: '42 %' })).toBe('42 % · Holdfast');
  expect(titleAt('/library', { percent: '42 %' })).toBe('42 % · Library · Holdfast');
  expect(titleAt('/library', { needsYou: 2 })).toBe('(2) Library · Holdfast');
  expect(titleAt('/settings', { percent: '42 %', needsYou: 2 })).toBe('(2) 42 % · Settings · Holdfast');
});
