import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import type { ErrorCode } from '../../shared/errors.ts';
import { useFocusBack } from '../focus-back.ts';
import { renewalUrl } from '../guard.ts';
import { errorText, t } from '../i18n.ts';

/** One matter of the settings, under its heading. */
export function Panel(props: {
  name: string;
  title: string;
  lead?: string;
  children: ComponentChildren;
}): JSX.Element {
  const id = `settings-${props.name}`;
  return (
    <section class="panel" data-settings={props.name} aria-labelledby={id}>
      <h2 id={id}>{props.title}</h2>
      {props.lead && <p class="hint">{props.lead}</p>}
      {props.children}
    </section>
  );
}

/** Stands where the server's answer will, and says why it is not there yet. */
export function NoAnswerYet({ refused }: { refused: ErrorCode | null }): JSX.Element {
  return (
    <p class="hint no-answer" role="status" data-refused={refused ?? undefined}>
      {refused === null
        ? t('settings.asking')
        : refused === 'UNREACHABLE'
          ? t('settings.offline')
          : errorText(refused)}
    </p>
  );
}

/** Why something that was asked for was not done, and where to go if that takes a fresh sign-in. */
export function Refused({ text, code }: { text?: string; code: ErrorCode | null }): JSX.Element {
  return (
    <div class="refused-here" role="alert" data-refused={code ?? undefined}>
      {text ?? (code !== null && errorText(code))}
      {code === 'SIGN_IN_TOO_OLD' && (
        <a class="button small" href={renewalUrl('/settings')} data-do="renew">
          {t('settings.renew')}
        </a>
      )}
    </div>
  );
}

/** A question in the place of the button with its `name`; the focus is on the answer that loses nothing. */
export function Sure(props: {
  question: string;
  yes: string;
  no: string;
  name: string;
  onYes: () => void;
  onNo: () => void;
}): JSX.Element {
  const no = useFocusBack<HTMLButtonElement>(`[data-do=${props.name}]`);
  useLayoutEffect(() => no.current?.focus(), []);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape answers no, wherever in the question the focus is
    <div class="sure" onKeyDown={(event) => event.key === 'Escape' && props.onNo()}>
      <p role="alert">{props.question}</p>
      <div class="row-actions">
        <button type="button" class="button small danger" data-do={`${props.name}-now`} onClick={props.onYes}>
          {props.yes}
        </button>
        <button type="button" class="button small" data-do="keep" ref={no} onClick={props.onNo}>
          {props.no}
        </button>
      </div>
    </div>
  );
}
