import type { JSX } from 'preact';
import { useLocation } from 'preact-iso/router';
import { number } from './format.ts';
import { language, t } from './i18n.ts';
import { Mark } from './icons.tsx';
import { LanguageField } from './language-field.tsx';
import { isSheetOpen } from './shortcuts/shortcuts.ts';
import { askToSignOut } from './sign-out.tsx';
import { session, totals } from './state.ts';

export function SiteHeader(): JSX.Element {
  const isSignedIn = session.value.state === 'signed-in' || session.value.state === 'unknown';
  return (
    <header class="site-header">
      <a class="brand" href="/app" aria-label={t('app.name')}>
        <Mark />
        <span>{t('app.name')}</span>
      </a>
      {isSignedIn && <Tabs />}
      <AccountMenu />
    </header>
  );
}

function Tabs(): JSX.Element {
  const { path } = useLocation();
  const { needsYou } = totals.value;
  return (
    <nav class="tabs" aria-label={t('app.tabs')}>
      <a href="/app" aria-current={path === '/app' || path === '/' ? 'page' : undefined}>
        {t('app.uploads')}
        {needsYou > 0 && (
          <span class="badge" title={t('overview.needsYou', { count: needsYou })}>
            {number(needsYou)}
          </span>
        )}
      </a>
      <a href="/library" aria-current={path === '/library' ? 'page' : undefined}>
        {t('app.library')}
      </a>
    </nav>
  );
}

/** Who is signed in, the language, and the way out. The language can be chosen by anyone. */
function AccountMenu(): JSX.Element {
  const { account, state } = session.value;
  const isSignedIn = state === 'signed-in' && account !== null;
  const tag = (language.value.split('-')[0] ?? '').toUpperCase();
  const label = isSignedIn ? `${t('account.menu')}: ${account.email}` : `${t('account.language')}: ${tag}`;
  return (
    <div class="account">
      <button type="button" class="avatar" popovertarget="account-menu" aria-label={label}>
        {isSignedIn ? account.email.slice(0, 1).toUpperCase() : tag}
      </button>
      <div id="account-menu" class="menu" popover="auto">
        {isSignedIn && (
          <p class="menu-who">
            <span>{t('account.signedInAs')}</span>
            <bdi>{account.email}</bdi>
          </p>
        )}
        <LanguageField />
        {isSignedIn && (
          <p class="menu-links">
            <a class="menu-link" href="/settings" data-do="settings" onClick={closeMenu}>
              {t('account.settings')}
            </a>
            <a class="menu-link" href="/diagnostics" onClick={closeMenu}>
              {t('account.diagnostics')}
            </a>
            <button type="button" class="menu-link by-keyboard" data-do="shortcuts" onClick={openSheet}>
              {t('keys.title')}
            </button>
          </p>
        )}
        {isSignedIn && <SignOut />}
      </div>
    </div>
  );
}

function openSheet(): void {
  closeMenu();
  isSheetOpen.value = true;
}

function closeMenu(): void {
  document.getElementById('account-menu')?.hidePopover();
}

function SignOut(): JSX.Element {
  return (
    <button
      type="button"
      class="button wide"
      data-sign-out
      onClick={() => {
        closeMenu();
        askToSignOut();
      }}
    >
      {t('account.signOut')}
    </button>
  );
}
