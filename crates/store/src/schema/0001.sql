-- The first schema. {serial}, {rowid}, {blob} and {narrow} are rewritten per engine; the rest is the same for both.

CREATE TABLE setting (
  scope text NOT NULL, key text NOT NULL, value text NOT NULL,
  PRIMARY KEY (scope, key)
) {narrow};

CREATE TABLE collection (
  tenant text NOT NULL, key text NOT NULL, cursor text, complete_round bigint NOT NULL,
  looked_at bigint NOT NULL, changed_at bigint NOT NULL,
  PRIMARY KEY (tenant, key)
) {narrow};

CREATE TABLE collection_item (
  tenant text NOT NULL, collection text NOT NULL, key text NOT NULL, hash {blob} NOT NULL, bytes {blob} NOT NULL,
  PRIMARY KEY (tenant, collection, key)
);

CREATE TABLE photo (
  tenant text NOT NULL, hash text NOT NULL, bytes {blob} NOT NULL, kept_at bigint NOT NULL,
  PRIMARY KEY (tenant, hash)
);

CREATE TABLE catalog (
  id {blob} NOT NULL PRIMARY KEY, tenant text NOT NULL, version bigint NOT NULL
);

CREATE TABLE rule (
  catalog {blob} NOT NULL, source text NOT NULL, hash text NOT NULL,
  PRIMARY KEY (catalog, source)
) {narrow};

CREATE TABLE contribution (
  catalog {blob} NOT NULL, source text NOT NULL, key text NOT NULL, entry {blob} NOT NULL, photo text,
  hash {blob} NOT NULL, body {blob} NOT NULL,
  PRIMARY KEY (catalog, source, key)
);

CREATE TABLE view (
  catalog {blob} NOT NULL, id text NOT NULL, sources text NOT NULL,
  PRIMARY KEY (catalog, id)
) {narrow};

CREATE TABLE entry (
  catalog {blob} NOT NULL, view text NOT NULL, entry {blob} NOT NULL, version bigint NOT NULL,
  content bigint, photo text, gone_since bigint, gone_cause text,
  PRIMARY KEY (catalog, view, entry)
) {narrow};
CREATE INDEX entry_by_version ON entry (catalog, view, version);
CREATE INDEX entry_by_content ON entry (content) WHERE content IS NOT NULL;

CREATE TABLE content (
  id {serial}, tenant text NOT NULL, hash {blob} NOT NULL, bytes {blob} NOT NULL, kept_at bigint NOT NULL,
  UNIQUE (tenant, hash)
);

CREATE TABLE member (
  id {serial}, tenant text NOT NULL, catalog {blob} NOT NULL, mailbox text NOT NULL, address text NOT NULL,
  folder text, folder_name text NOT NULL, view text NOT NULL, through bigint NOT NULL, cursor text,
  state text NOT NULL, leaving text, looked_full_at bigint, written_at bigint,
  UNIQUE (catalog, mailbox)
);
CREATE INDEX member_by_mailbox ON member (tenant, mailbox);
CREATE INDEX member_behind ON member (catalog, view, through);
CREATE INDEX member_by_look ON member (catalog, looked_full_at);

-- One narrow row for each pair of entry and mailbox; shown is sealed, and null where nothing differs.
CREATE TABLE link (
  member bigint NOT NULL, entry {blob} NOT NULL, part integer NOT NULL, generation integer NOT NULL,
  item text, etag text, origin integer NOT NULL, agreed bigint, shown {blob}, photo text,
  sent_op integer, sent_deadline bigint, sent_content bigint, sent_attempt integer, sent_generation integer,
  trouble text, tugs integer NOT NULL, tugged_at bigint, refused integer NOT NULL,
  wrote text,
  PRIMARY KEY (member, entry, part)
) {narrow};
CREATE INDEX link_by_item ON link (item) WHERE item IS NOT NULL;
CREATE INDEX link_open ON link (member) WHERE sent_op IS NOT NULL OR trouble IS NOT NULL;

CREATE TABLE prior (
  id {serial}, tenant text NOT NULL, run bigint NOT NULL, member bigint NOT NULL, entry {blob} NOT NULL,
  part integer NOT NULL, item text, at bigint NOT NULL, op integer NOT NULL, bytes {blob} NOT NULL, fate text
);
CREATE INDEX prior_by_member ON prior (member, entry, part);
CREATE INDEX prior_by_run ON prior (run);
CREATE INDEX prior_by_time ON prior (at, tenant);

-- What guards count: the last time that something of each kind was done to an entry in a member.
CREATE TABLE written (
  catalog {blob} NOT NULL, member bigint NOT NULL, entry {blob} NOT NULL, kind integer NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (catalog, member, entry, kind)
) {narrow};
CREATE INDEX written_by_time ON written (catalog, at);

CREATE TABLE ledger (
  seq {rowid}, tenant text NOT NULL, at bigint NOT NULL, run bigint, member bigint,
  entry {blob}, part integer, act text NOT NULL, phase integer NOT NULL, item text, detail text NOT NULL,
  hash {blob} NOT NULL
);
CREATE INDEX ledger_by_entry ON ledger (member, entry, seq) WHERE phase = 1;
CREATE TABLE ledger_head (
  one integer NOT NULL PRIMARY KEY, seq bigint NOT NULL, hash {blob} NOT NULL
);

CREATE TABLE lane (
  tenant text NOT NULL, lane text NOT NULL, fence bigint NOT NULL, lease_until bigint, worker text,
  PRIMARY KEY (tenant, lane)
) {narrow};
CREATE INDEX lane_by_lease ON lane (tenant, lease_until) WHERE lease_until IS NOT NULL;

-- taken: the fence under which it is being worked, 0 while it waits. again_at: offered meanwhile.
CREATE TABLE job (
  tenant text NOT NULL, lane text NOT NULL, kind text NOT NULL, target text NOT NULL, priority integer NOT NULL,
  due_at bigint NOT NULL, attempts integer NOT NULL, taken bigint NOT NULL, again_at bigint,
  PRIMARY KEY (tenant, lane, kind, target)
) {narrow};
CREATE INDEX job_by_due ON job (tenant, priority, due_at, lane);

-- Whose turn it is among the tenants: the one served longest ago goes first.
CREATE TABLE turn (
  tenant text NOT NULL PRIMARY KEY, turn bigint NOT NULL
) {narrow};

CREATE TABLE run (
  id {serial}, tenant text NOT NULL, book text NOT NULL, cause text NOT NULL, state text NOT NULL,
  policy_version text NOT NULL, fingerprint text, started_at bigint NOT NULL, ended_at bigint,
  reason text NOT NULL
);
CREATE INDEX run_by_book ON run (tenant, book, id);
CREATE INDEX run_open ON run (id) WHERE ended_at IS NULL;

CREATE TABLE run_member (
  run bigint NOT NULL, member bigint NOT NULL, state text NOT NULL, block text, tally text,
  planned bigint NOT NULL, done bigint NOT NULL, deferred bigint NOT NULL, quarantined bigint NOT NULL,
  held bigint NOT NULL, reason text NOT NULL,
  PRIMARY KEY (run, member)
) {narrow};

CREATE TABLE block (
  run bigint NOT NULL, fingerprint text NOT NULL, bytes {blob} NOT NULL,
  PRIMARY KEY (run, fingerprint)
);

CREATE TABLE hold (
  tenant text NOT NULL, book text NOT NULL, fingerprint text NOT NULL, run bigint NOT NULL, halts text NOT NULL,
  held_at bigint NOT NULL, decision text, who text, decided_at bigint,
  PRIMARY KEY (tenant, book, fingerprint)
) {narrow};

CREATE TABLE tunnel (
  id text NOT NULL PRIMARY KEY, tenant text NOT NULL, applied_rule text, first_applied_at bigint,
  applied_at bigint
) {narrow};

CREATE TABLE pause (
  scope text NOT NULL PRIMARY KEY, tenant text NOT NULL, who text NOT NULL, reason text NOT NULL,
  at bigint NOT NULL
) {narrow};

CREATE TABLE notice (
  tenant text NOT NULL, subject text NOT NULL, detail text NOT NULL, opened_at bigint NOT NULL, open_told_at bigint,
  closed_at bigint, close_told_at bigint,
  PRIMARY KEY (tenant, subject)
) {narrow};
