const MOST_CHARS = 16 << 20;

/** Reads server-sent events from a stream, which `EventSource` could not ask for with a token. Data that is not JSON, and events past 16 Mi characters, are left out. */
export async function readEvents(stream, onEvent) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let event = fresh();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop();
      if (rest.length > MOST_CHARS) throw new RangeError('an event is too long');
      for (const line of lines) event = take(line, event, onEvent);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

const fresh = () => ({ event: 'message', id: null, lines: [], size: 0 });

function take(line, event, onEvent) {
  if (line === '') {
    if (event.lines.length && event.size <= MOST_CHARS) tell(event, onEvent);
    return fresh();
  }
  const colon = line.indexOf(':');
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  if (name === 'event') event.event = value;
  if (name === 'id' && !value.includes('\0')) event.id = value;
  if (name === 'data') {
    event.size += value.length;
    if (event.size <= MOST_CHARS) event.lines.push(value);
  }
  return event;
}

function tell({ event, id, lines }, onEvent) {
  let data;
  try {
    data = JSON.parse(lines.join('\n'));
  } catch {
    return;
  }
  onEvent({ event, id, data });
}
