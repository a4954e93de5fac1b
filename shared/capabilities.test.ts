import { expect, test } from 'vitest';
import { type Capabilities, limitOfClosing, limitsOf } from './capabilities.ts';

const chromium: Capabilities = {
  isAppleMobile: false,
  isWebKit: false,
  isInstalled: false,
  wakes: true,
  notifies: true,
};
const firefox: Capabilities = { ...chromium, wakes: false };
const iphone: Capabilities = {
  isAppleMobile: true,
  isWebKit: true,
  isInstalled: false,
  wakes: false,
  notifies: false,
};

test.each([
  ['Chromium', chromium, ['privateWindow']],
  ['Firefox', firefox, ['noWaking', 'privateWindow']],
  ['Safari on a Mac', { ...firefox, isWebKit: true }, ['noWaking', 'clears', 'privateWindow']],
  ['Safari on an iPhone', iphone, ['suspends', 'clears', 'notificationsOnceInstalled', 'privateWindow']],
  [
    'the Home Screen of an iPhone',
    { ...iphone, isInstalled: true, notifies: true },
    ['suspends', 'privateWindow'],
  ],
  ['a web view', { ...chromium, notifies: false }, ['noNotifications', 'privateWindow']],
] as const)('%s', (_name, browser, limits) => {
  expect(limitsOf(browser)).toEqual(limits);
});

test('beside "you can close this" stands what closing means here, and nothing else', () => {
  expect([chromium, firefox, iphone].map(limitOfClosing)).toEqual([null, 'noWaking', 'suspends']);
});
