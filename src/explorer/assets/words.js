const PHRASES = new Map('100 Continue|101 Switching Protocols|103 Early Hints|200 OK|201 Created|202 Accepted|203 Non-Authoritative Information|204 No Content|205 Reset Content|206 Partial Content|207 Multi-Status|300 Multiple Choices|301 Moved Permanently|302 Found|303 See Other|304 Not Modified|307 Temporary Redirect|308 Permanent Redirect|400 Bad Request|401 Unauthorized|402 Payment Required|403 Forbidden|404 Not Found|405 Method Not Allowed|406 Not Acceptable|407 Proxy Authentication Required|408 Request Timeout|409 Conflict|410 Gone|411 Length Required|412 Precondition Failed|413 Content Too Large|414 URI Too Long|415 Unsupported Media Type|416 Range Not Satisfiable|417 Expectation Failed|421 Misdirected Request|422 Unprocessable Content|423 Locked|424 Failed Dependency|425 Too Early|426 Upgrade Required|428 Precondition Required|429 Too Many Requests|431 Request Header Fields Too Large|451 Unavailable For Legal Reasons|500 Internal Server Error|501 Not Implemented|502 Bad Gateway|503 Service Unavailable|504 Gateway Timeout|505 HTTP Version Not Supported|507 Insufficient Storage|511 Network Authentication Required'
  .split('|').map((it) => [Number(it.slice(0, 3)), it.slice(4)]));

/** Returns the reason phrase of a status (RFC 9110), empty where it has none. */
export const phrase = (status) => PHRASES.get(status) ?? '';

const OUTCOMES = {
  completed: 'completed',
  service_error: 'the service returned an error instead of a response',
  panic: 'the service panicked',
  left_before_response: 'the client left before the response',
  left_in_body: 'the client left before the end of the body',
  body_error: 'the body of the response ended in an error',
  upgraded: 'went on in another protocol',
  process_died: 'the process ended before the exchange did',
};
const REASONS = {
  truncated: {
    limit: 'longer than the policy keeps',
    budget: 'the budget of captured bytes was used up',
    unfinished: 'not read or sent to its end',
  },
  skipped: {
    policy: 'the policy keeps no bodies here',
    content_type: 'binary, or a content type that the policy leaves out',
    content_coding: 'in a content coding that is not undone',
    unread: 'the service never read it',
    budget: 'the budget of captured bytes was used up',
    application: 'the application asked to leave it out',
    erased: 'the person that it was about has been erased',
  },
  withheld: {
    malformed: 'it is not what its content type says',
    not_utf8: 'it is not text in its charset',
    unknown_type: 'there is no masker for its content type',
    unstructured: 'the rules cannot tell where a secret might be in text of this kind',
    too_deep: 'JSON in strings is nested too deeply',
    expands: 'it decodes to far more than it is',
  },
};
const get = (map, key) => (Object.hasOwn(map, key) ? map[key] : undefined);

export const outcome = (name) => get(OUTCOMES, name) ?? name;

/** Says in words why a body is not there or not whole. */
export const reason = ({ state, reason: name }) => get(get(REASONS, state) ?? {}, name) ?? name ?? 'for a reason that is not known';

export const failed = (it) => it.kind === 'exchange'
  && ((it.response?.status ?? 0) >= 400 || !['completed', 'upgraded'].includes(it.outcome));
