import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Share } from '../../shared/api.ts';
import { t } from '../i18n.ts';
import { Icon } from '../icons.tsx';

/** The address that a share has for people. */
export function linkOf({ token }: Pick<Share, 'token'>): string {
  return `${location.origin}/s/${token}`;
}

/** A link to copy, or to hand to another app where the browser can. */
export function ShareLink({ share }: { share: Share }): JSX.Element {
  const [copied, setCopied] = useState<'no' | 'yes' | 'refused'>('no');
  const field = useRef<HTMLInputElement>(null);
  const copy = useRef<HTMLButtonElement>(null);
  const url = linkOf(share);
  useLayoutEffect(() => copy.current?.focus(), []);

  async function toClipboard(): Promise<void> {
    const isCopied = await copyText(url);
    setCopied(isCopied ? 'yes' : 'refused');
    if (!isCopied) field.current?.select();
  }

  return (
    <div class="share-link">
      <label class="field">
        <span>{t('share.link')}</span>
        <input
          ref={field}
          data-share-link
          readOnly
          dir="ltr"
          value={url}
          onFocus={() => field.current?.select()}
        />
      </label>
      <div class="share-link-actions">
        <button
          type="button"
          class="button primary"
          ref={copy}
          data-do="copy-link"
          onClick={() => void toClipboard()}
        >
          <Icon name={copied === 'yes' ? 'check' : 'copy'} />
          {t(copied === 'yes' ? 'share.copied' : 'share.copy')}
        </button>
        {'share' in navigator && (
          <button
            type="button"
            class="button"
            data-do="send-link"
            // A person who thinks better of it is no error.
            onClick={() => void navigator.share({ url, title: share.name }).catch(() => undefined)}
          >
            <Icon name="share" />
            {t('share.send')}
          </button>
        )}
      </div>
      <p class="hint" role="status">
        {copied === 'refused' ? t('share.copyFailed') : copied === 'yes' ? t('share.copied') : ''}
      </p>
    </div>
  );
}

/** Puts `text` into the clipboard; false where the browser does not let us. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no clipboard outside of secure contexts, or no leave to write to it
  }
}
