import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { LogEntry } from '../shared/protocol.ts';
import { moment, number, timeWithSeconds } from './format.ts';
import { t } from './i18n.ts';
import { Icon } from './icons.tsx';
import { trouble } from './intake.ts';
import { type Permissions, readPermissions } from './permissions.ts';
import { ping, worker } from './presence.ts';
import { Skeleton } from './skeleton.tsx';
import { call } from './worker.ts';

/** Lines shown before anyone asks for more, and with each asking. */
const STEP = 200;

/** What the worker did and why, for whoever wonders, and to be sent to whoever helps. */
export function DiagnosticsPage(): JSX.Element {
  const { log, reload } = useLog();
  const permissions = usePermissions();
  const [source, setSource] = useState<string>('');
  const [limit, setLimit] = useState(STEP);
  if (!log) return <Skeleton />;
  const sources = [...new Set(log.map((entry) => entry.source))].sort();
  const found = source === '' ? log : log.filter((entry) => entry.source === source);
  return (
    <section class="diagnostics" aria-labelledby="diagnostics-title">
      <header class="library-head">
        <h1 id="diagnostics-title">{t('diagnostics.title')}</h1>
        <div class="pick-buttons">
          <button type="button" class="button small" onClick={reload}>
            <Icon name="refresh" />
            {t('diagnostics.reload')}
          </button>
          <button
            type="button"
            class="button small"
            data-do="download-log"
            onClick={() => download(asText(log, permissions))}
          >
            <Icon name="download" />
            {t('diagnostics.download')}
          </button>
        </div>
      </header>
      <p class="hint">{t('diagnostics.lead')}</p>
      <Facts permissions={permissions} />
      <div class="log-head">
        <h2 id="log-title">
          {t('diagnostics.log')} <span class="count">{number(found.length)}</span>
        </h2>
        <label class="field inline">
          <span>{t('diagnostics.source')}</span>
          <select
            data-log-source
            value={source}
            onChange={(event) => {
              setSource(event.currentTarget.value);
              setLimit(STEP);
            }}
          >
            <option value="">{t('diagnostics.allSources')}</option>
            {sources.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {found.length === 0 && <p class="hint">{t('diagnostics.empty')}</p>}
      <ol class="log sheet" aria-labelledby="log-title">
        {found.slice(0, limit).map((entry, index) => (
          <Line key={found.length - index} entry={entry} />
        ))}
      </ol>
      {found.length > limit && (
        <button type="button" class="button small" onClick={() => setLimit(limit + STEP)}>
          {t('uploads.showMore', { count: found.length - limit })}
        </button>
      )}
    </section>
  );
}

function Line({ entry }: { entry: LogEntry }): JSX.Element {
  return (
    <li data-log={entry.source}>
      <time dateTime={new Date(entry.at).toISOString()} title={moment(entry.at)}>
        {timeWithSeconds(entry.at)}
      </time>
      <span class="log-source">{entry.source}</span>
      <span class="log-worker" title={t('diagnostics.worker')}>
        {entry.worker}
      </span>
      {/* The log is for whoever helps too: it is in English in every language. */}
      <span class="log-text" lang="en" dir="ltr">
        {entry.text}
      </span>
    </li>
  );
}

function Facts({ permissions }: { permissions: Permissions | null }): JSX.Element {
  const about = worker.value;
  const { notifications, persistentStorage } = permissions ?? {
    notifications: null,
    persistentStorage: null,
  };
  const facts: [string, string][] = [
    [t('diagnostics.page'), __BUILD__],
    [t('diagnostics.worker'), about ? about.build : t('diagnostics.silent')],
    [t('diagnostics.instance'), about ? about.instance.slice(0, 8) : '–'],
    [t('diagnostics.engine'), about ? t(`diagnostics.engineState.${about.engine}`) : '–'],
    [t('diagnostics.notifications'), t(`diagnostics.permission.${notifications ?? 'unknown'}`)],
    [t('diagnostics.storage'), t(`diagnostics.persistent.${persistentStorage ?? 'unknown'}`)],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The log, newest first, or null until it was read. */
function useLog(): { log: readonly LogEntry[] | null; reload: () => void } {
  const [log, setLog] = useState<readonly LogEntry[] | null>(null);

  async function read(): Promise<void> {
    void ping();
    const reply = await call('log.read', {});
    if (reply.ok) setLog(reply.value.toSorted((a, b) => b.at - a.at));
    else {
      trouble.value = reply.code;
      setLog((last) => last ?? []);
    }
  }

  useEffect(() => {
    void read();
  }, []);
  return { log, reload: () => void read() };
}

function usePermissions(): Permissions | null {
  const [permissions, setPermissions] = useState<Permissions | null>(null);
  useEffect(() => {
    void readPermissions().then(setPermissions);
  }, []);
  return permissions;
}

/** The file is in English, whatever the page shows: it is for whoever helps. Oldest line first, as logs are read. */
function asText(log: readonly LogEntry[], permissions: Permissions | null): string {
  const about = worker.peek();
  const head = [
    'Holdfast diagnostics',
    `at ${new Date().toISOString()}`,
    `page ${__BUILD__}, worker ${about?.build ?? 'silent'} (${about?.instance ?? '-'}), engine ${about?.engine ?? '-'}`,
    `notifications ${permissions?.notifications ?? 'unknown'}, persistent storage ${permissions?.persistentStorage ?? 'unknown'}`,
    navigator.userAgent,
    '',
  ];
  const lines = log
    .toReversed()
    .map(
      ({ at, worker, source, text }) => `${new Date(at).toISOString()} ${worker} ${source.padEnd(8)} ${text}`,
    );
  return [...head, ...lines, ''].join('\n');
}

function download(text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  link.download = `holdfast-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.txt`;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
