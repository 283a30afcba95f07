"""The names of every key in Redis, and what each holds (docs/contract.md shows the public ones)."""

from dataclasses import dataclass

from pec.names import Queue, State


@dataclass(frozen=True, slots=True)
class Keys:
    """All but one begin with the namespace."""

    namespace: str

    @property
    def jobs(self) -> str:
        """Stream, public: producers add, workers take and delete."""
        return f"{self.namespace}:jobs"

    @property
    def rejected(self) -> str:
        """Stream, public: jobs that could not be taken, and why."""
        return f"{self.namespace}:rejected"

    @property
    def rejected_at(self) -> str:
        """Sorted set: entries of `jobs` whose jobs could not be taken → when (ms), the first part of their position."""
        return f"{self.namespace}:rejected_at"

    def rejected_of(self, account: str) -> str:
        """Sorted set: positions in `rejected` and entries of jobs that name this account → when (ms). "": no known one.

        Without the account it is a sorted set of the accounts, by how many each has.
        """
        return f"{self.namespace}:rejected_of:{account}"

    def rejections(self, account: str) -> str:
        """String, expiring: how much of an account's limit for events of rejections is used up. "": no known one."""
        return f"{self.namespace}:rejections:{account}" if account else f"{self.namespace}:rejections"

    @property
    def events(self) -> str:
        """Stream, public: every change."""
        return f"{self.namespace}:events"

    @property
    def dead(self) -> str:
        """Stream: deliveries that were given up."""
        return f"{self.namespace}:dead"

    @property
    def sequence(self) -> str:
        """Counter: the order of intake."""
        return f"{self.namespace}:sequence"

    @property
    def circuit(self) -> str:
        """Hash: failures in a row of the API, and when it is probed."""
        return f"{self.namespace}:circuit"

    @property
    def cursors(self) -> str:
        """String: the key that encrypts cursors of lists. Without it a new one is made, and open lists begin anew."""
        return f"{self.namespace}:cursors"

    @property
    def unsupported(self) -> str:
        """Sorted set: messages of a newer version → when a worker last met them; those of a day."""
        return f"{self.namespace}:unsupported"

    def shared_token(self, digest: str) -> str:
        """Sorted set, the only key without the namespace: namespace → until when a live worker of it uses a token."""
        return f"pec-tokens:{digest}"

    def message(self, message_id: str) -> str:
        """Hash, public: the record."""
        return f"{self.namespace}:message:{message_id}"

    def receipts(self, message_id: str) -> str:
        """Hash: key of a receipt → JSON; marks of mails reported once → empty."""
        return f"{self.namespace}:receipts:{message_id}"

    def batch(self, name: str) -> str:
        """Hash, public: counts by state; size, ended, completed_at; paused, the reason."""
        return f"{self.namespace}:batch:{name}"

    def members(self, batch: str) -> str:
        """Sorted set: the ids of a batch, by order of intake."""
        return f"{self.namespace}:members:{batch}"

    @property
    def paused(self) -> str:
        """Sorted set: batches that are paused, by when."""
        return f"{self.namespace}:paused"

    def parked(self, batch: str) -> str:
        """Sorted set: queued messages of a paused batch → their score in their lane."""
        return f"{self.namespace}:parked:{batch}"

    def upload(self, sha256: str) -> str:
        """String, public: bytes a producer put, expiring."""
        return f"{self.namespace}:upload:{sha256}"

    def content(self, sha256: str) -> str:
        """Hash: data, or archived, its size if the archive holds the bytes; refs, the messages that need it."""
        return f"{self.namespace}:content:{sha256}"

    def taken(self, job_id: str) -> str:
        """String, expiring: digest of the job that had this id, and how many messages it made."""
        return f"{self.namespace}:taken:{job_id}"

    def cancelled(self, kind: str, name: str) -> str:
        """String, expiring: a cancel that came before its message (kind `id` or `batch`)."""
        return f"{self.namespace}:cancelled:{kind}:{name}"

    def code(self, account: str, code: str) -> str:
        """String: the message that a code of this mailbox belongs to."""
        return f"{self.namespace}:code:{account}:{code}"

    def state(self, state: State) -> str:
        """Sorted set: the messages in a state, by when they entered it."""
        return f"{self.namespace}:state:{state}"

    def state_of(self, state: State, account: str) -> str:
        """Sorted set: the same of one account."""
        return f"{self.namespace}:state:{state}:{account}"

    @property
    def accounts(self) -> str:
        """Sorted set: accounts → how many messages `state_of` holds of each."""
        return f"{self.namespace}:accounts"

    @property
    def by_account(self) -> str:
        """String, expiring: `state_of` holds every message. It is missing until those of older versions are entered."""
        return f"{self.namespace}:by_account"

    def due(self, queue: Queue) -> str:
        """Sorted set: what is to be done, by when it is due."""
        return f"{self.namespace}:due:{queue}"

    def lane(self, account: str) -> str:
        """Sorted set: messages waiting to be sent, by priority, then age."""
        return f"{self.namespace}:lane:{account}"

    def awaiting(self, account: str) -> str:
        """Sorted set: messages of a mailbox that await receipts, by when they were sent."""
        return f"{self.namespace}:awaiting:{account}"

    def scan(self, account: str) -> str:
        """Hash, of pages of the mailbox: `watermark`, the date before which all was read; `taken`, digests of mails.

        Of a reading that is not over: `newest`, what `watermark` will be; `unread`, how many mails it left; `floor`,
        since when a code that no message has lowers `newest`; `order` of its pages, `newest` or `oldest` first.
        """
        return f"{self.namespace}:scan:{account}"

    def imap(self, account: str) -> str:
        """Hash, of a mailbox read by IMAP: `cursor:<folder>`, UIDVALIDITY and the last UID that was read.

        `began_at`, `read_at` (when it was last read to its end), `error`, `refused`, `failures` in a row,
        `silent_since`, `again` (read it once more after this reading), `stuck` (the mail or search that ended
        readings). Counts: `unproven`, `purged`, `purged_bytes`.
        """
        return f"{self.namespace}:imap:{account}"

    def imap_reader(self, account: str) -> str:
        """String, expiring: the worker thread that reads the mailbox now."""
        return f"{self.namespace}:imap:{account}:reader"

    def imap_idle(self, account: str, folder: str) -> str:
        """String, expiring: the worker process that waits for new mail in a folder."""
        return f"{self.namespace}:imap:{account}:idle:{folder}"

    def imap_refused(self, account: str) -> str:
        """Hash: digest of credentials that the server refused → why, as JSON."""
        return f"{self.namespace}:imap:{account}:refused"

    def imap_seek(self, account: str) -> str:
        """Set: codes of PEC that other programs sent, whose receipts are to be searched for in the mailbox."""
        return f"{self.namespace}:imap:{account}:seek"

    def imap_revisit(self, account: str) -> str:
        """Sorted set: receipts to look at again, as JSON of code and place → when they were first seen."""
        return f"{self.namespace}:imap:{account}:revisit"

    @property
    def audit(self) -> str:
        """Stream: what was deleted from mailboxes, and by whom."""
        return f"{self.namespace}:audit"

    @property
    def users(self) -> str:
        """Hash: people who use the console → JSON."""
        return f"{self.namespace}:users"

    def login(self, digest: str) -> str:
        """Hash, expiring: a login at the console: user, address, at, used_at."""
        return f"{self.namespace}:login:{digest}"

    def logins(self, user: str) -> str:
        """Sorted set, expiring: digests of a user's logins at the console → when each ends at the latest."""
        return f"{self.namespace}:logins:{user}"

    def login_tries(self, digest: str) -> str:
        """String, expiring: how often a login at the console was tried in vain."""
        return f"{self.namespace}:login_tries:{digest}"

    def notice(self, digest: str) -> str:
        """String, expiring: what the console says at the top of a browser's next page."""
        return f"{self.namespace}:notice:{digest}"

    def purgeable(self, account: str) -> str:
        """Sorted set: ended messages whose receipts may leave the mailbox → when they ended."""
        return f"{self.namespace}:purgeable:{account}"

    def places(self, message_id: str) -> str:
        """Hash: UIDVALIDITY, UID and folder of a mail in its mailbox → SHA-256 of the receipt that lies there."""
        return f"{self.namespace}:places:{message_id}"

    def rotation(self, token: str) -> str:
        """Sorted set: accounts of a token that have work and are not paused, by turn."""
        return f"{self.namespace}:rotation:{token}"

    def hints(self, token: str) -> str:
        """Sorted set: hints on their way to a worker thread, by the end of their lease."""
        return f"{self.namespace}:hints:{token}"

    def in_flight(self, token: str) -> str:
        """Sorted set: messages picked or on the wire, by when they surely are no more."""
        return f"{self.namespace}:in_flight:{token}"

    def limiter(self, token: str) -> str:
        """Hash: pace of a token's sends, caps, sends by minute."""
        return f"{self.namespace}:limiter:{token}"

    def reads(self, token: str) -> str:
        """Hash: pace of a token's other calls."""
        return f"{self.namespace}:reads:{token}"

    @property
    def inbox(self) -> str:
        """Stream: mails that came in and are no receipts, the latest ten thousand or so."""
        return f"{self.namespace}:inbox"

    def mail(self, account: str, digest: str) -> str:
        """String, expiring: a mail of this mailbox that was published."""
        return f"{self.namespace}:mail:{account}:{digest}"

    def quoted(self, account: str, digest: str) -> str:
        """String, expiring: the message that a reply names if it quotes this Message-ID."""
        return f"{self.namespace}:quoted:{account}:{digest}"

    def account(self, name: str) -> str:
        """Hash: token digest, paused, paused_reason, unreadable (why the mailbox was, and when); its room, in bytes."""
        return f"{self.namespace}:account:{name}"

    def room(self, account: str) -> str:
        """Hash: message → the bytes that its receipts may still take in the mailbox, and for how many recipients."""
        return f"{self.namespace}:room:{account}"

    def seen(self, kind: str) -> str:
        """Sorted set: accounts, endpoints, purge rules, queues or workers → until when they are registered."""
        return f"{self.namespace}:seen:{kind}"

    @property
    def installation(self) -> str:
        """Hash: `id`, made by the first worker; `lost_at`, when one that lived on found another id or none;
        `failover_lost_since` and `failover_noted_at`, when a failover lost writes; `archive`, the id of the archive;
        `archived_to`, the last event whose message's content was archived."""
        return f"{self.namespace}:installation"

    def worker(self, worker_id: str) -> str:
        """Hash, expiring: a live worker process."""
        return f"{self.namespace}:worker:{worker_id}"

    def figures(self, seconds: int, begins: int) -> str:
        """Hash, expiring: counts of the minute or quarter of an hour that begins then (`pec.minute_figures`)."""
        return f"{self.namespace}:figures:{seconds}:{begins}"

    def endpoint(self, name: str) -> str:
        """Hash: failures in a row, probe_at, disabled."""
        return f"{self.namespace}:endpoint:{name}"

    def deliveries(self, endpoint: str) -> str:
        """Sorted set: event (stream id) → when its next try is due."""
        return f"{self.namespace}:deliveries:{endpoint}"

    def tries(self, endpoint: str) -> str:
        """Hash: event (stream id) → failed tries so far."""
        return f"{self.namespace}:tries:{endpoint}"

    def good_tries(self, endpoint: str) -> str:
        """List, expiring: JSON of the latest deliveries that the endpoint took, newest first."""
        return f"{self.namespace}:good_tries:{endpoint}"

    def failed_tries(self, endpoint: str) -> str:
        """List, expiring: JSON of the latest tries of a delivery that failed, newest first."""
        return f"{self.namespace}:failed_tries:{endpoint}"

    # The gateway's

    @property
    def tokens(self) -> str:
        """Hash: name → id of the gateway's tokens."""
        return f"{self.namespace}:tokens"

    def token(self, token_id: str) -> str:
        """Hash: name, sha256 of the whole token, scopes, accounts, rate, created_at, expires_at, used_at."""
        return f"{self.namespace}:token:{token_id}"

    def token_pace(self, token_id: str) -> str:
        """String, expiring: when (µs) the requests of a token so far would be over at its rate."""
        return f"{self.namespace}:token:{token_id}:pace"

    def failures(self, place: str) -> str:
        """String, expiring: how many mailbox credentials were refused lately, of a token or an address."""
        return f"{self.namespace}:failures:{place}"

    def slowed(self, place: str) -> str:
        """String, expiring: no credentials of this token or address are looked at meanwhile."""
        return f"{self.namespace}:slowed:{place}"

    def once(self, token_id: str, digest: str) -> str:
        """Hash, expiring: fingerprint of a request that was accepted, its answer, code and entries."""
        return f"{self.namespace}:once:{token_id}:{digest}"

    def given_code(self, code: str) -> str:
        """Hash, expiring: job, account and entries of a code that the gateway gave; hidden, receipts not shown."""
        return f"{self.namespace}:given_code:{code}"

    def uploaded(self, token_id: str, sha256: str) -> str:
        """String, expiring: the size of bytes that this token uploaded."""
        return f"{self.namespace}:uploaded:{token_id}:{sha256}"

    def holding(self, token_id: str) -> str:
        """Sorted set, expiring: what a token's uploads and waiting jobs hold → since when. `:bytes` is their sum."""
        return f"{self.namespace}:holding:{token_id}"

    def uploading(self, name: str) -> str:
        """String, expiring: bytes of an upload that is not over."""
        return f"{self.namespace}:uploading:{name}"

    def put_away(self, account: str) -> str:
        """Sorted set: digests of mails that a client of the gateway deleted → when. They stay in the mailbox."""
        return f"{self.namespace}:put_away:{account}"
