import type { JSX, Ref } from 'preact';
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
  const url = linkOf(share);
  const { copied, copy, field } = useCopy(url);
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => button.current?.focus(), []);

  return (
    <div class="share-link">
      <LinkField url={url} field={field} />
      <div class="share-link-actions">
        <button
          type="button"
          class="button primary"
          ref={button}
          data-do="copy-link"
          onClick={() => void copy()}
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

/** A link to select and copy by hand. */
export function LinkField(props: { url: string; field: Ref<HTMLInputElement> }): JSX.Element {
  return (
    <label class="field">
      <span>{t('share.link')}</span>
      <input
        ref={props.field}
        data-share-link
        readOnly
        dir="ltr"
        value={props.url}
        onFocus={({ currentTarget }) => currentTarget.select()}
      />
    </label>
  );
}

/** Copies `url`, and knows whether the browser let us; where it did not, the link in `field` is selected. */
export function useCopy(url: string): {
  copied: 'no' | 'yes' | 'refused';
  copy: () => Promise<void>;
  field: Ref<HTMLInputElement>;
} {
  const [copied, setCopied] = useState<'no' | 'yes' | 'refused'>('no');
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (copied === 'refused') field.current?.select();
  }, [copied]);

  async function copy(): Promise<void> {
    setCopied('no'); // said again, it is news again
    setCopied((await isWritten(url)) ? 'yes' : 'refused');
  }

  return { copied, copy, field };
}

async function isWritten(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no clipboard outside of secure contexts, or no leave to write to it
  }
}
