import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import type { Passkey } from '../../shared/api.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { type Answer, deletePasskey, listPasskeys, renamePasskey } from '../api.ts';
import { useFocusBack } from '../focus-back.ts';
import { day, moment } from '../format.ts';
import { t } from '../i18n.ts';
import { IconButton } from '../icon-button.tsx';
import { Icon } from '../icons.tsx';
import { addPasskey, knowsPasskeys, type Outcome } from '../passkey.ts';
import { NoAnswerYet, Panel, Refused, Sure } from './panel.tsx';
import { useAnswer } from './use-answer.ts';

/** Characters in a name, at most; the server's rule too. */
const LONGEST_NAME = 100;

/** This account's passkeys: one is made with the device at hand, each has a name, and each can go. */
export function PasskeysPanel(): JSX.Element {
  const { value, refused, reload } = useAnswer(listPasskeys);
  const { outcome, isBusy, add } = useAdding(reload);
  const code = outcome && !outcome.ok ? outcome.code : null;
  return (
    <Panel name="passkeys" title={t('settings.passkeys.title')} lead={t('settings.passkeys.lead')}>
      {!value ? (
        <NoAnswerYet refused={refused} />
      ) : value.passkeys.length === 0 ? (
        <p class="none">{t('settings.passkeys.none')}</p>
      ) : (
        <ul class="items" aria-label={t('settings.passkeys.list')}>
          {value.passkeys.map((passkey) => (
            <Item key={passkey.id} passkey={passkey} onChanged={reload} />
          ))}
        </ul>
      )}
      {knowsPasskeys() ? (
        <button
          type="button"
          class="button small"
          data-do="passkey-add"
          aria-disabled={isBusy}
          onClick={() => void add()}
        >
          <Icon name="key" />
          {t('settings.passkeys.add')}
        </button>
      ) : (
        <p class="hint">{t('settings.passkeys.unsupported')}</p>
      )}
      {code === 'NOT_USED' ? (
        <Refused code={null} text={t('settings.passkeys.notAdded')} />
      ) : (
        <Refused code={code} />
      )}
      <p class="hint done" role="status">
        {outcome?.ok ? t('settings.passkeys.added') : ''}
      </p>
    </Panel>
  );
}

function useAdding(onAdded: () => Promise<void>) {
  const [isBusy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);

  async function add(): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    setOutcome(null);
    const next = await addPasskey();
    if (next.ok) await onAdded();
    setOutcome(next);
    setBusy(false);
  }

  return { outcome, isBusy, add };
}

function Item({ passkey, onChanged }: { passkey: Passkey; onChanged: () => Promise<void> }): JSX.Element {
  const { id, name, createdAt, lastUsedAt } = passkey;
  const [doing, setDoing] = useState<'nothing' | 'renaming' | 'deleting'>('nothing');
  const [refused, setRefused] = useState<ErrorCode | null>(null);

  async function run(asked: Promise<Answer<unknown>>): Promise<void> {
    const answer = await asked;
    setRefused(answer.ok ? null : answer.code);
    if (answer.ok) await onChanged();
    setDoing('nothing');
  }

  return (
    <li class="item" data-passkey={id}>
      <Icon name="key" />
      {doing === 'renaming' ? (
        <Rename
          name={name}
          onCancel={() => setDoing('nothing')}
          onRename={(next) => void run(renamePasskey(id, next))}
        />
      ) : (
        <div class="item-text">
          <bdi class="item-name">{name}</bdi>
          <span class="hint">
            {t('settings.passkeys.made', { day: day(createdAt) })}
            {', '}
            {lastUsedAt === null
              ? t('settings.passkeys.neverUsed')
              : t('settings.passkeys.used', { moment: moment(lastUsedAt) })}
          </span>
        </div>
      )}
      {doing === 'nothing' && (
        <div class="row-actions">
          <IconButton
            icon="rename"
            data-do="rename"
            label={t('settings.passkeys.renameOne', { name })}
            title={t('settings.passkeys.rename')}
            onClick={() => setDoing('renaming')}
          />
          <IconButton
            icon="delete"
            data-do="delete"
            label={t('settings.passkeys.deleteOne', { name })}
            title={t('settings.passkeys.delete')}
            onClick={() => setDoing('deleting')}
          />
        </div>
      )}
      {doing === 'deleting' && (
        <Sure
          name="delete"
          question={t('settings.passkeys.deleteAsk')}
          yes={t('settings.passkeys.delete')}
          no={t('settings.passkeys.keep')}
          onYes={() => void run(deletePasskey(id))}
          onNo={() => setDoing('nothing')}
        />
      )}
      {refused && <Refused code={refused} />}
    </li>
  );
}

function Rename(props: {
  name: string;
  onRename: (name: string) => void;
  onCancel: () => void;
}): JSX.Element {
  const [name, setName] = useState(props.name);
  const field = useFocusBack<HTMLInputElement>('[data-do=rename]');
  useLayoutEffect(() => field.current?.select(), []);
  return (
    <form
      class="rename"
      onSubmit={(event) => {
        event.preventDefault();
        const next = name.trim();
        if (next === '' || next === props.name) props.onCancel();
        else props.onRename(next);
      }}
      onKeyDown={(event) => event.key === 'Escape' && props.onCancel()}
    >
      <input
        ref={field}
        name="passkey-name"
        value={name}
        maxLength={LONGEST_NAME}
        autocomplete="off"
        aria-label={t('settings.passkeys.newName')}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <button type="submit" class="button small primary">
        {t('common.save')}
      </button>
      <button type="button" class="button small" onClick={props.onCancel}>
        {t('common.cancel')}
      </button>
    </form>
  );
}
