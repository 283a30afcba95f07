// The contract's types, generated from its JSON Schemas by `make docs`: do not edit.
//
// `type` decides what `data` is: after `if (event.type === "batch.completed")` it has `counts`.
// A newer version may send types and fields that are not here: ignore what you do not know.

/** A file: its bytes in `file` (base64 or data URI), or the `sha256` of uploaded ones. */
export interface AttachedFile {
  name: string;
  file?: string | null;
  sha256?: string | null;
}

/** State how many messages a batch will have, so that `batch.completed` can be published. */
export interface BatchJob {
  /** version of the contract */
  v?: 1 | null;
  /** trace context (W3C) that the work on the job belongs to; ignored if it is not valid */
  traceparent?: string | null;
  type: "batch";
  id: string;
  size: number;
}

/** Cancel a message that is not yet sent, or all such of a batch. */
export interface CancelJob {
  /** version of the contract */
  v?: 1 | null;
  /** trace context (W3C) that the work on the job belongs to; ignored if it is not valid */
  traceparent?: string | null;
  type: "cancel";
  id?: string | null;
  batch?: string | null;
}

/** Bytes that the producer has uploaded. */
export interface ContentRef {
  /** SHA-256 of bytes put at pec:upload:<sha256> */
  sha256: string;
}

export type JsonValue = unknown;

/** Follow the receipts of a PEC that something else sent. */
export interface PollJob {
  /** version of the contract */
  v?: 1 | null;
  /** trace context (W3C) that the work on the job belongs to; ignored if it is not valid */
  traceparent?: string | null;
  type: "poll";
  id: string;
  /** a configured mailbox, lower case */
  account: string;
  code: string;
  subject?: string | null;
  recipient?: string | null;
}

/** Send a PEC. `id` is the idempotency key: the same job again is ignored, another with its id rejected. */
export interface SendJob {
  /** version of the contract */
  v?: 1 | null;
  /** trace context (W3C) that the work on the job belongs to; ignored if it is not valid */
  traceparent?: string | null;
  type: "send";
  id: string;
  /** a configured mailbox, lower case */
  account: string;
  recipient: string | string[];
  subject: string;
  /** HTML, or the hash of uploaded HTML (UTF-8) */
  body: string | ContentRef;
  attachments?: AttachedFile[] | null;
  batch?: string | null;
  /** higher first */
  priority?: number | null;
  /** RFC 3339: not sent earlier */
  not_before?: string | null;
  /** RFC 3339: not sent later, but expired */
  not_after?: string | null;
  /** an endpoint that gets this message's events too */
  webhook?: string | null;
  /** echoed in events */
  metadata?: Record<string, JsonValue> | null;
  /** append a reference; default: the account's */
  reference?: boolean | null;
  /** one PEC to all recipients, who see each other */
  together?: boolean | null;
}

/** A job: the field `job` of the stream pec:jobs. */
export type PecJob =
  | SendJob
  | PollJob
  | CancelJob
  | BatchJob;

/** The data of an event about a mailbox. */
export interface AccountData {
  account: string;
  reason?: EventReason;
}

/** A batch whose messages have all ended. */
export interface BatchData {
  batch: string;
  /** how many messages */
  size: number;
  /** messages by state */
  counts: Partial<Record<State, number>>;
}

/** The reason of an event: a short stable code, a sentence for people, safe facts. */
export interface EventReason {
  code: string;
  description: string;
  details: Record<string, JsonValue>;
}

/** The problem of one field of a job. */
export interface FieldError {
  field: string;
  /** for people, with the remedy */
  reason: string;
  /** short and stable, for programs */
  code?: string;
  /** what the reason names */
  details?: Record<string, JsonValue>;
}

/** The data of an event about a mail that came in and is no receipt of ours. */
export interface MailData {
  account: string;
  /** a PEC from another sender, or ordinary mail */
  kind: MailKind;
  /** its address; through the API perhaps only the name that it gives itself */
  sender: string;
  subject: string;
  /** the date of the mail */
  date?: string;
  /** the id of our message that it replies to */
  in_reply_to?: string;
  /** names of its files; absent if only the API showed it */
  attachments?: string[];
  /** SHA-256 of its bytes in the archive; absent if it is not there */
  archived?: string;
}

/** A PEC from another sender, or mail that is not certified. */
export type MailKind = "pec" | "ordinary";

/** The data of an event about a message. Fields that do not apply are left out. */
export interface MessageData {
  /** the message's id */
  id: string;
  /** grows with each change of the message: order by it */
  sequence: number;
  account: string;
  recipient: string | string[];
  batch?: string;
  /** the state now */
  state: State;
  /** the state before */
  previous?: State;
  /** the API's code of the PEC */
  code?: string;
  /** times its bytes may have left */
  attempts: number;
  /** when the API answered, or the claim if the answer was lost */
  sent_at?: string;
  /** the date of its ACCETTAZIONE */
  accepted_at?: string;
  /** the date of its CONSEGNA */
  delivered_at?: string;
  /** the date of its MANCATA CONSEGNA or final notice */
  undelivered_at?: string;
  /** the date of its NON ACCETTAZIONE */
  refused_at?: string;
  /** set once each of its receipts is there with its text */
  proof?: Proof;
  /** together: the state of each recipient */
  recipients?: Record<string, State>;
  reason?: EventReason;
  /** trace context (W3C) of the job, or of its intake */
  traceparent?: string;
  /** the job's, as it came */
  metadata?: Record<string, JsonValue>;
}

/** The parts of the complete proof of a message. */
export type Proof = "texts" | "originals";

/** A rejected job. Fields that could not be read are left out. */
export interface RejectionData {
  /** its entry id in pec:jobs, as XADD returned it */
  entry: string;
  /** send, poll, cancel or batch */
  job_type?: string;
  /** the job's id; an earlier job may have the same */
  id?: string;
  account?: string;
  batch?: string;
  /** the first 20: pec:rejected has all */
  errors: FieldError[];
  /** true: too many at once, the next rejections may be in pec:rejected only */
  limit_reached?: boolean;
}

/** Where a message stands. */
export type State = "queued" | "sending" | "uncertain" | "held" | "sent" | "accepted" | "delayed" | "delivered" | "undelivered" | "refused" | "uncertified" | "expired" | "failed" | "cancelled";

/** When it became known: RFC 3339, UTC. */
export type Instant = string;

/** An event: the field `event` of pec:events, and a webhook's body. */
export type PecEvent =
  | {
    type: "message.queued";
    timestamp: Instant;
    data: MessageData & {
      state: "queued";
    };
  }
  | {
    type: "message.sending";
    timestamp: Instant;
    data: MessageData & {
      state: "sending";
    };
  }
  | {
    type: "message.uncertain";
    timestamp: Instant;
    data: MessageData & {
      state: "uncertain";
    };
  }
  | {
    type: "message.held";
    timestamp: Instant;
    data: MessageData & {
      state: "held";
    };
  }
  | {
    type: "message.sent";
    timestamp: Instant;
    data: MessageData & {
      state: "sent";
    };
  }
  | {
    type: "message.accepted";
    timestamp: Instant;
    data: MessageData & {
      state: "accepted";
    };
  }
  | {
    type: "message.delayed";
    timestamp: Instant;
    data: MessageData & {
      state: "delayed";
    };
  }
  | {
    type: "message.delivered";
    timestamp: Instant;
    data: MessageData & {
      state: "delivered";
    };
  }
  | {
    type: "message.undelivered";
    timestamp: Instant;
    data: MessageData & {
      state: "undelivered";
    };
  }
  | {
    type: "message.refused";
    timestamp: Instant;
    data: MessageData & {
      state: "refused";
    };
  }
  | {
    type: "message.uncertified";
    timestamp: Instant;
    data: MessageData & {
      state: "uncertified";
    };
  }
  | {
    type: "message.expired";
    timestamp: Instant;
    data: MessageData & {
      state: "expired";
    };
  }
  | {
    type: "message.failed";
    timestamp: Instant;
    data: MessageData & {
      state: "failed";
    };
  }
  | {
    type: "message.cancelled";
    timestamp: Instant;
    data: MessageData & {
      state: "cancelled";
    };
  }
  | {
    type: "batch.completed";
    timestamp: Instant;
    data: BatchData;
  }
  | {
    type: "account.paused";
    timestamp: Instant;
    data: AccountData;
  }
  | {
    type: "account.resumed";
    timestamp: Instant;
    data: AccountData;
  }
  | {
    type: "mailbox.filling";
    timestamp: Instant;
    data: AccountData;
  }
  | {
    type: "receipt.unrecognised";
    timestamp: Instant;
    data: MessageData;
  }
  | {
    type: "message.duplicated";
    timestamp: Instant;
    data: MessageData;
  }
  | {
    type: "job.rejected";
    timestamp: Instant;
    data: RejectionData;
  }
  | {
    type: "proof.complete";
    timestamp: Instant;
    data: MessageData;
  }
  | {
    type: "mail.received";
    timestamp: Instant;
    data: MailData;
  }
  | {
    type: "acceptance.late";
    timestamp: Instant;
    data: MessageData;
  };
