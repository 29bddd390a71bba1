-- Made by `make schema`; do not edit.
CREATE SCHEMA api;
COMMENT ON SCHEMA api IS 'What a modem host may call, and nothing else: versioned functions.';
CREATE TYPE public.batch_state AS ENUM (
    'planned',
    'leased',
    'done',
    'returned',
    'condemned'
);
CREATE TYPE public.campaign_state AS ENUM (
    'draft',
    'quoted',
    'awaiting_approval',
    'scheduled',
    'expanding',
    'sending',
    'paused',
    'completed',
    'cancelled',
    'expired',
    'failed'
);
CREATE TYPE public.group_state AS ENUM (
    'started',
    'stopped',
    'draining'
);
CREATE TYPE public.ledger_kind AS ENUM (
    'topup',
    'reserve',
    'capture',
    'release',
    'invoice'
);
CREATE TYPE public.message_state AS ENUM (
    'planned',
    'leased',
    'sent',
    'delivered',
    'undelivered',
    'failed',
    'uncertain',
    'written_off',
    'skipped',
    'expired',
    'cancelled'
);
CREATE TYPE public.upload_kind AS ENUM (
    'contacts',
    'mapping',
    'campaign',
    'blocklist',
    'command'
);
CREATE TYPE public.upload_state AS ENUM (
    'received',
    'awaiting_mapping',
    'mapping_submitted',
    'loading',
    'loaded',
    'rejected',
    'duplicate',
    'quarantined',
    'expired',
    'failed'
);
CREATE FUNCTION public.chain_audit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  previous bytea;
begin
  perform pg_advisory_xact_lock(7226003);
  select hash into previous from audit_entry order by entry_id desc limit 1;
  new.hash := sha256(coalesce(previous, '') || convert_to(
    concat_ws('|', new.entry_id, extract(epoch from new.at), new.actor, new.action, new.subject, new.detail), 'UTF8'
  ));
  return new;
end
$$;
CREATE FUNCTION public.ensure_message_partitions(month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  parent text;
  child text;
begin
  if month <> date_trunc('month', month) then
    raise exception '% is not the first day of a month', month using errcode = '22023';
  end if;
  perform pg_catalog.pg_advisory_xact_lock(7226004);
  foreach parent in array array['message', 'segment', 'attempt'] loop
    child := pg_catalog.format('%s_%s', parent, pg_catalog.to_char(month, 'YYYYMM'));
    if pg_catalog.to_regclass('public.' || child) is null then
      execute pg_catalog.format(
        'create table public.%I partition of public.%I for values from (%L) to (%L)',
        child, parent, month, (month + interval '1 month')::date
      );
    end if;
  end loop;
end
$$;
CREATE FUNCTION public.guard_balance() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  balance numeric;
begin
  -- The client's row is the lock: activations of one client wait for each other here. "no key", since
  -- two of them already hold the key share lock that a foreign key takes.
  perform from client where client_id = new.client_id for no key update;
  select coalesce(sum(amount), 0) into balance from ledger_entry where client_id = new.client_id;
  if balance + new.amount < 0 then
    raise exception 'credit insufficient: % available, % needed', balance, -new.amount using errcode = 'SM402';
  end if;
  return new;
end
$$;
CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'SM403';
end
$$;
CREATE TABLE public.alert (
    alert_id bigint NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    raised_at timestamp with time zone DEFAULT now() NOT NULL,
    over_at timestamp with time zone
);
COMMENT ON TABLE public.alert IS 'Something a person should look at; at most one open per kind and subject.';
ALTER TABLE public.alert ALTER COLUMN alert_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_alert_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.attempt (
    activation_month date NOT NULL,
    message_id bigint NOT NULL,
    part smallint NOT NULL,
    attempt_id uuid NOT NULL,
    kind text NOT NULL,
    group_id bigint NOT NULL,
    epoch bigint NOT NULL,
    imei text,
    imsi text,
    reference smallint,
    error_code integer,
    error text,
    host_at timestamp with time zone,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    conflict boolean DEFAULT false NOT NULL,
    CONSTRAINT attempt_kind_check CHECK ((kind = ANY (ARRAY['sent'::text, 'failed'::text, 'retryable'::text, 'not_sent'::text, 'uncertain'::text, 'delivered'::text, 'undelivered'::text])))
)
PARTITION BY RANGE (activation_month);
COMMENT ON TABLE public.attempt IS 'Every report of every host, kept as evidence; the key makes a repeated report a no-op.';
COMMENT ON COLUMN public.attempt.conflict IS 'It contradicted a terminal state, which was kept.';
CREATE TABLE public.audit_entry (
    entry_id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    hash bytea
);
COMMENT ON TABLE public.audit_entry IS 'Who did what. Each hash covers the row and the hash before it, so that a missing or changed row shows.';
ALTER TABLE public.audit_entry ALTER COLUMN entry_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_entry_entry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.campaign (
    campaign_id bigint NOT NULL,
    client_id bigint NOT NULL,
    name text NOT NULL,
    list_id bigint,
    state public.campaign_state DEFAULT 'draft'::public.campaign_state NOT NULL,
    reason text,
    purpose text NOT NULL,
    spec jsonb NOT NULL,
    on_uncertain text DEFAULT 'hold'::text NOT NULL,
    activation_month date,
    activated_at timestamp with time zone,
    start_at timestamp with time zone,
    expire_at timestamp with time zone,
    window_from timestamp with time zone,
    window_until timestamp with time zone,
    expanded_at timestamp with time zone,
    finished_at timestamp with time zone,
    paused_from public.campaign_state,
    exemption jsonb,
    approved_by text,
    upload_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT campaign_activation_month_check CHECK ((activation_month = date_trunc('month'::text, (activation_month)::timestamp with time zone))),
    CONSTRAINT campaign_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT campaign_on_uncertain_check CHECK ((on_uncertain = ANY (ARRAY['hold'::text, 'resend'::text]))),
    CONSTRAINT campaign_purpose_check CHECK ((purpose = ANY (ARRAY['marketing'::text, 'transactional'::text])))
);
COMMENT ON COLUMN public.campaign.reason IS 'Why it is in its state, where the state alone does not say.';
COMMENT ON COLUMN public.campaign.spec IS 'The campaign file as last accepted; frozen once expansion has begun.';
COMMENT ON COLUMN public.campaign.activation_month IS 'First day of the month of activation: the partition of all its messages.';
COMMENT ON COLUMN public.campaign.window_from IS 'Its next sending window, kept up to date by expansion: no message may be claimed before window_from nor after window_until; null = any hour.';
COMMENT ON COLUMN public.campaign.exemption IS 'Why an administrator let a marketing campaign pass the compliance profile: {"ground", "by", "at"}.';
COMMENT ON COLUMN public.campaign.approved_by IS 'Who approved a cost above the client''s limit.';
ALTER TABLE public.campaign ALTER COLUMN campaign_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.campaign_campaign_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE SEQUENCE public.message_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.message (
    activation_month date NOT NULL,
    message_id bigint DEFAULT nextval('public.message_id_seq'::regclass) NOT NULL,
    campaign_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    msisdn text NOT NULL,
    text text,
    variant text,
    text_md5 uuid GENERATED ALWAYS AS ((md5(text))::uuid) STORED,
    encoding text,
    segments smallint DEFAULT 0 NOT NULL,
    price numeric(10,4) DEFAULT 0 NOT NULL,
    state public.message_state DEFAULT 'planned'::public.message_state NOT NULL,
    reason text,
    batch_id bigint,
    first_seq integer,
    attempts smallint DEFAULT 0 NOT NULL,
    not_before timestamp with time zone,
    settled boolean DEFAULT false NOT NULL,
    sent_at timestamp with time zone,
    final_at timestamp with time zone,
    CONSTRAINT message_check CHECK (((state = 'skipped'::public.message_state) OR ((text IS NOT NULL) AND (segments > 0)))),
    CONSTRAINT message_encoding_check CHECK ((encoding = ANY (ARRAY['gsm7'::text, 'ucs2'::text]))),
    CONSTRAINT message_segments_check CHECK (((segments >= 0) AND (segments <= 8)))
)
PARTITION BY RANGE (activation_month);
COMMENT ON TABLE public.message IS 'One contact of one campaign. Its state is that of its worst segment.';
COMMENT ON COLUMN public.message.variant IS 'Which of the campaign''s texts it got, where there are several.';
COMMENT ON COLUMN public.message.text_md5 IS 'Fingerprint of the text as planned: shows that what was sent is what was planned.';
COMMENT ON COLUMN public.message.price IS 'Of the whole message, EUR net of VAT, held in the ledger from activation on.';
COMMENT ON COLUMN public.message.reason IS 'skipped: opted_out, missing_variable, too_many_parts, …; failed: the network''s error.';
COMMENT ON COLUMN public.message.first_seq IS 'Place of its first segment in its batch; the others follow.';
COMMENT ON COLUMN public.message.settled IS 'Its price has been captured or released in the ledger.';
CREATE VIEW public.campaign_count AS
 SELECT campaign_id,
    state,
    reason,
    count(*) AS messages,
    sum(segments) AS segments,
    sum(price) AS price
   FROM public.message
  GROUP BY campaign_id, state, reason;
COMMENT ON VIEW public.campaign_count IS 'Messages of each campaign by state; for skipped and failed also by reason.';
CREATE TABLE public.client (
    client_id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    language text DEFAULT 'fr'::text NOT NULL,
    tariff text DEFAULT 'default'::text NOT NULL,
    approve_above numeric(14,4),
    completion text DEFAULT 'stable'::text NOT NULL,
    auto_confirm text DEFAULT 'never'::text NOT NULL,
    max_columns smallint DEFAULT 5 NOT NULL,
    max_reject_ratio numeric(4,3) DEFAULT 0.2 NOT NULL,
    quote_required boolean DEFAULT false NOT NULL,
    alert_address text,
    low_credit numeric(14,4) DEFAULT 10 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT client_approve_above_check CHECK ((approve_above >= (0)::numeric)),
    CONSTRAINT client_auto_confirm_check CHECK ((auto_confirm = ANY (ARRAY['never'::text, 'high_confidence'::text]))),
    CONSTRAINT client_code_check CHECK ((code ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT client_completion_check CHECK ((completion = ANY (ARRAY['stable'::text, 'marker'::text]))),
    CONSTRAINT client_language_check CHECK ((language = ANY (ARRAY['fr'::text, 'en'::text]))),
    CONSTRAINT client_max_columns_check CHECK (((max_columns >= 1) AND (max_columns <= 64))),
    CONSTRAINT client_max_reject_ratio_check CHECK (((max_reject_ratio >= (0)::numeric) AND (max_reject_ratio <= (1)::numeric)))
);
COMMENT ON TABLE public.client IS 'Who drops files and pays. Its code is its prefix in the bucket.';
COMMENT ON COLUMN public.client.approve_above IS 'A campaign that costs more waits for a person; null = no limit.';
COMMENT ON COLUMN public.client.completion IS 'When a drop is complete: unchanged in two scans, or marked by a .ok file.';
COMMENT ON COLUMN public.client.quote_required IS 'Activation must cite the quote that it accepts.';
CREATE VIEW public.client_balance AS
SELECT
    NULL::bigint AS client_id,
    NULL::text AS code,
    NULL::numeric(14,4) AS balance,
    NULL::numeric(14,4) AS held;
ALTER TABLE public.client ALTER COLUMN client_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.client_client_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.contact (
    contact_id bigint NOT NULL,
    list_id bigint NOT NULL,
    msisdn text NOT NULL,
    first_name text,
    last_name text,
    variable1 text,
    variable2 text,
    variables jsonb,
    upload_id bigint NOT NULL,
    row_number integer NOT NULL,
    consent jsonb,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT contact_msisdn_check CHECK ((msisdn ~ '^\+[1-9][0-9]{6,14}$'::text))
);
COMMENT ON COLUMN public.contact.row_number IS 'Row of the file it came from, as Excel shows it.';
ALTER TABLE public.contact ALTER COLUMN contact_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.contact_contact_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.contact_list (
    list_id bigint NOT NULL,
    client_id bigint NOT NULL,
    name text NOT NULL,
    label text,
    variables text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT contact_list_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text))
);
COMMENT ON COLUMN public.contact_list.variables IS 'Names that a text may use beyond the fixed ones: the var_<name> columns loaded so far.';
ALTER TABLE public.contact_list ALTER COLUMN list_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.contact_list_list_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.inbound_message (
    inbound_id bigint NOT NULL,
    group_id bigint NOT NULL,
    journal_id uuid NOT NULL,
    host_key text NOT NULL,
    imei text NOT NULL,
    sender text NOT NULL,
    text text NOT NULL,
    sent_at timestamp with time zone,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    opt_out boolean DEFAULT false NOT NULL
);
COMMENT ON COLUMN public.inbound_message.host_key IS 'The host''s own key of it: reporting it twice changes nothing.';
ALTER TABLE public.inbound_message ALTER COLUMN inbound_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.inbound_message_inbound_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_entry (
    entry_id bigint NOT NULL,
    client_id bigint NOT NULL,
    kind public.ledger_kind NOT NULL,
    amount numeric(14,4) NOT NULL,
    held numeric(14,4) DEFAULT 0 NOT NULL,
    campaign_id bigint,
    note text,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ledger_entry_check CHECK (
CASE kind
    WHEN 'topup'::public.ledger_kind THEN ((amount > (0)::numeric) AND (held = (0)::numeric))
    WHEN 'reserve'::public.ledger_kind THEN ((amount < (0)::numeric) AND (held = (- amount)))
    WHEN 'capture'::public.ledger_kind THEN ((amount = (0)::numeric) AND (held < (0)::numeric))
    WHEN 'release'::public.ledger_kind THEN ((amount > (0)::numeric) AND (held = (- amount)))
    ELSE (held = (0)::numeric)
END)
);
COMMENT ON TABLE public.ledger_entry IS 'Prepaid credit, net of VAT, append-only. Balance = sum(amount); held for campaigns = sum(held).';
COMMENT ON COLUMN public.ledger_entry.amount IS 'Effect on what the client may still spend, EUR.';
COMMENT ON COLUMN public.ledger_entry.held IS 'Effect on what is held for activated campaigns, EUR.';
ALTER TABLE public.ledger_entry ALTER COLUMN entry_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_entry_entry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.modem (
    group_id bigint NOT NULL,
    imei text NOT NULL,
    port text,
    imsi text,
    iccid text,
    operator_code text,
    operator text,
    sim_state text,
    registration text,
    rssi smallint,
    in_service boolean DEFAULT true NOT NULL,
    out_of_service_reason text,
    sent bigint DEFAULT 0 NOT NULL,
    delivered bigint DEFAULT 0 NOT NULL,
    failed bigint DEFAULT 0 NOT NULL,
    uncertain bigint DEFAULT 0 NOT NULL,
    last_error text,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT modem_rssi_check CHECK (((rssi >= 0) AND (rssi <= 31)))
);
COMMENT ON COLUMN public.modem.sim_state IS 'READY, SIM PIN, … of +CPIN, or the SIM error; registration is the +CREG state.';
COMMENT ON COLUMN public.modem.rssi IS '3GPP TS 27.007 +CSQ, 0..31; null = unknown (99). dBm = -113 + 2 * rssi.';
COMMENT ON COLUMN public.modem.sent IS 'Segments accepted by the network since the first; counts are brought up to date by the roll-up.';
CREATE TABLE public.modem_group (
    group_id bigint NOT NULL,
    mac macaddr NOT NULL,
    alias text NOT NULL,
    modems smallint NOT NULL,
    state public.group_state DEFAULT 'started'::public.group_state NOT NULL,
    rate_limit integer,
    permit_per_modem integer DEFAULT 20,
    host_role name NOT NULL,
    epoch bigint DEFAULT 0 NOT NULL,
    journal_id uuid,
    boot_id text,
    host_name text,
    version text,
    last_heartbeat timestamp with time zone,
    clock_skew interval,
    wake_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT modem_group_alias_check CHECK (((length(alias) >= 1) AND (length(alias) <= 60))),
    CONSTRAINT modem_group_modems_check CHECK (((modems >= 1) AND (modems <= 64))),
    CONSTRAINT modem_group_permit_per_modem_check CHECK ((permit_per_modem > 0)),
    CONSTRAINT modem_group_rate_limit_check CHECK ((rate_limit > 0))
);
COMMENT ON TABLE public.modem_group IS 'The 2012 « groupe »: one computer with GSM modems plugged in, known by its MAC address, logged in as host_role.';
COMMENT ON COLUMN public.modem_group.modems IS 'Declared number of modems; counts when the group was never seen.';
COMMENT ON COLUMN public.modem_group.rate_limit IS '« Vitesse »: SMS a minute; null = no limit.';
COMMENT ON COLUMN public.modem_group.permit_per_modem IS 'k: how far ahead of its reports a host may send, per modem; null = a whole batch.';
COMMENT ON COLUMN public.modem_group.epoch IS 'Grows at each registration; a host with an older one is refused (SM409).';
ALTER TABLE public.modem_group ALTER COLUMN group_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.modem_group_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.modem_sample (
    group_id bigint NOT NULL,
    imei text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    rssi smallint,
    operator_code text,
    sim_state text
);
COMMENT ON TABLE public.modem_sample IS 'Signal history, at most one a minute per modem.';
CREATE TABLE public.opt_out (
    opt_out_id bigint NOT NULL,
    msisdn text NOT NULL,
    client_id bigint,
    source text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.opt_out IS 'Numbers never to be texted: by STOP, by a blocklist file, by hand. client_id null = for every client.';
ALTER TABLE public.opt_out ALTER COLUMN opt_out_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.opt_out_opt_out_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.quote (
    quote_id text NOT NULL,
    campaign_id bigint NOT NULL,
    spec_sha256 text NOT NULL,
    cost numeric(14,4) NOT NULL,
    body jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone DEFAULT (now() + '7 days'::interval) NOT NULL,
    CONSTRAINT quote_quote_id_check CHECK ((quote_id ~ '^quo_[0-9A-Za-z]{8,32}$'::text))
);
CREATE TABLE public.remembered_mapping (
    client_id bigint NOT NULL,
    fingerprint text NOT NULL,
    mapping jsonb NOT NULL,
    import_id text NOT NULL,
    confirmed_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.remembered_mapping IS 'The last mapping that a client confirmed for a header; the next such file needs no question.';
CREATE TABLE public.schema_migration (
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.segment (
    activation_month date NOT NULL,
    message_id bigint NOT NULL,
    part smallint NOT NULL,
    state public.message_state NOT NULL,
    group_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    attempt_id uuid NOT NULL,
    imei text,
    imsi text,
    reference smallint,
    error_code integer,
    error text,
    submitted_at timestamp with time zone,
    reported_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
)
PARTITION BY RANGE (activation_month);
COMMENT ON TABLE public.segment IS 'One part of a message, once a host has tried it: the latest word on it.';
COMMENT ON COLUMN public.segment.reference IS 'TP-Message-Reference that the modem answered (3GPP TS 23.040 9.2.3.6).';
COMMENT ON COLUMN public.segment.reported_at IS 'When its delivery report came.';
CREATE TABLE public.send_batch (
    batch_id bigint NOT NULL,
    activation_month date NOT NULL,
    campaign_id bigint NOT NULL,
    group_id bigint NOT NULL,
    state public.batch_state DEFAULT 'planned'::public.batch_state NOT NULL,
    messages smallint NOT NULL,
    segments smallint NOT NULL,
    lease_token uuid,
    journal_id uuid,
    epoch bigint,
    leased_at timestamp with time zone,
    permit_seq integer DEFAULT 0 NOT NULL,
    revoked boolean DEFAULT false NOT NULL,
    silent_at timestamp with time zone,
    planned_at timestamp with time zone DEFAULT now() NOT NULL,
    done_at timestamp with time zone,
    CONSTRAINT send_batch_check CHECK ((((state = 'planned'::public.batch_state) = (lease_token IS NULL)) OR (state = ANY (ARRAY['returned'::public.batch_state, 'condemned'::public.batch_state]))))
);
COMMENT ON COLUMN public.send_batch.permit_seq IS 'No segment with a higher seq may be begun by the host.';
COMMENT ON COLUMN public.send_batch.revoked IS 'The host must begin nothing more of it (campaign paused or cancelled, group stopped).';
COMMENT ON COLUMN public.send_batch.silent_at IS 'Since when its host has not been heard of; it is planned again only when condemned.';
ALTER TABLE public.send_batch ALTER COLUMN batch_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.send_batch_batch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.upload (
    upload_id bigint NOT NULL,
    import_id text NOT NULL,
    client_id bigint NOT NULL,
    kind public.upload_kind NOT NULL,
    key text NOT NULL,
    sha256 text NOT NULL,
    bytes bigint NOT NULL,
    state public.upload_state DEFAULT 'received'::public.upload_state NOT NULL,
    reason text,
    list_name text,
    label text,
    in_inbox boolean DEFAULT true NOT NULL,
    fingerprint text,
    mapping jsonb,
    mapping_by text,
    counts jsonb DEFAULT '{}'::jsonb NOT NULL,
    receipt jsonb,
    validation jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT upload_import_id_check CHECK ((import_id ~ '^imp_[0-9A-Za-z]{8,32}$'::text)),
    CONSTRAINT upload_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);
COMMENT ON TABLE public.upload IS 'One row per drop; its receipt document is derived from it.';
COMMENT ON COLUMN public.upload.key IS 'Where it was dropped, relative to the bucket.';
COMMENT ON COLUMN public.upload.in_inbox IS 'Not yet moved to processed/ or quarantine/.';
COMMENT ON COLUMN public.upload.fingerprint IS 'sha256 over the header row and the number of columns: what a remembered mapping applies to.';
COMMENT ON COLUMN public.upload.mapping_by IS 'sidecar, remembered:<import_id>, client, auto, or ops:<user>.';
COMMENT ON COLUMN public.upload.validation IS 'Great Expectations'' results, as JSON.';
ALTER TABLE public.upload ALTER COLUMN upload_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.upload_upload_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (alert_id);
ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (activation_month, message_id, part, attempt_id, kind);
ALTER TABLE ONLY public.audit_entry
    ADD CONSTRAINT audit_entry_pkey PRIMARY KEY (entry_id);
ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_client_id_name_key UNIQUE (client_id, name);
ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_pkey PRIMARY KEY (campaign_id);
ALTER TABLE ONLY public.client
    ADD CONSTRAINT client_code_key UNIQUE (code);
ALTER TABLE ONLY public.client
    ADD CONSTRAINT client_pkey PRIMARY KEY (client_id);
ALTER TABLE ONLY public.contact_list
    ADD CONSTRAINT contact_list_client_id_name_key UNIQUE (client_id, name);
ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_list_id_msisdn_key UNIQUE (list_id, msisdn);
ALTER TABLE ONLY public.contact_list
    ADD CONSTRAINT contact_list_pkey PRIMARY KEY (list_id);
ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_pkey PRIMARY KEY (contact_id);
ALTER TABLE ONLY public.inbound_message
    ADD CONSTRAINT inbound_message_journal_id_host_key_key UNIQUE (journal_id, host_key);
ALTER TABLE ONLY public.inbound_message
    ADD CONSTRAINT inbound_message_pkey PRIMARY KEY (inbound_id);
ALTER TABLE ONLY public.ledger_entry
    ADD CONSTRAINT ledger_entry_pkey PRIMARY KEY (entry_id);
ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_activation_month_campaign_id_contact_id_key UNIQUE (activation_month, campaign_id, contact_id);
ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (activation_month, message_id);
ALTER TABLE ONLY public.modem_group
    ADD CONSTRAINT modem_group_alias_key UNIQUE (alias);
ALTER TABLE ONLY public.modem_group
    ADD CONSTRAINT modem_group_host_role_key UNIQUE (host_role);
ALTER TABLE ONLY public.modem_group
    ADD CONSTRAINT modem_group_mac_key UNIQUE (mac);
ALTER TABLE ONLY public.modem_group
    ADD CONSTRAINT modem_group_pkey PRIMARY KEY (group_id);
ALTER TABLE ONLY public.modem
    ADD CONSTRAINT modem_pkey PRIMARY KEY (group_id, imei);
ALTER TABLE ONLY public.modem_sample
    ADD CONSTRAINT modem_sample_pkey PRIMARY KEY (group_id, imei, at);
ALTER TABLE ONLY public.opt_out
    ADD CONSTRAINT opt_out_msisdn_client_id_key UNIQUE NULLS NOT DISTINCT (msisdn, client_id);
ALTER TABLE ONLY public.opt_out
    ADD CONSTRAINT opt_out_pkey PRIMARY KEY (opt_out_id);
ALTER TABLE ONLY public.quote
    ADD CONSTRAINT quote_pkey PRIMARY KEY (quote_id);
ALTER TABLE ONLY public.remembered_mapping
    ADD CONSTRAINT remembered_mapping_pkey PRIMARY KEY (client_id, fingerprint);
ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.segment
    ADD CONSTRAINT segment_pkey PRIMARY KEY (activation_month, message_id, part);
ALTER TABLE ONLY public.send_batch
    ADD CONSTRAINT send_batch_pkey PRIMARY KEY (batch_id);
ALTER TABLE ONLY public.upload
    ADD CONSTRAINT upload_import_id_key UNIQUE (import_id);
ALTER TABLE ONLY public.upload
    ADD CONSTRAINT upload_pkey PRIMARY KEY (upload_id);
CREATE UNIQUE INDEX alert_open ON public.alert USING btree (kind, subject) WHERE (over_at IS NULL);
CREATE INDEX ledger_entry_campaign ON public.ledger_entry USING btree (campaign_id) WHERE (campaign_id IS NOT NULL);
CREATE INDEX ledger_entry_client ON public.ledger_entry USING btree (client_id, entry_id);
CREATE INDEX message_batch ON ONLY public.message USING btree (batch_id) WHERE (batch_id IS NOT NULL);
CREATE INDEX message_campaign ON ONLY public.message USING btree (campaign_id, state);
CREATE INDEX message_unbatched ON ONLY public.message USING btree (campaign_id, message_id) WHERE ((state = 'planned'::public.message_state) AND (batch_id IS NULL));
CREATE INDEX message_unsettled ON ONLY public.message USING btree (campaign_id) WHERE ((NOT settled) AND (state <> ALL (ARRAY['planned'::public.message_state, 'leased'::public.message_state, 'uncertain'::public.message_state])));
CREATE INDEX quote_campaign ON public.quote USING btree (campaign_id, created_at DESC);
CREATE INDEX segment_modem ON ONLY public.segment USING btree (imei, updated_at);
CREATE INDEX send_batch_campaign ON public.send_batch USING btree (campaign_id);
CREATE UNIQUE INDEX send_batch_lease ON public.send_batch USING btree (lease_token) WHERE (lease_token IS NOT NULL);
CREATE INDEX send_batch_open ON public.send_batch USING btree (group_id, state, batch_id) WHERE (state = ANY (ARRAY['planned'::public.batch_state, 'leased'::public.batch_state]));
CREATE INDEX upload_content ON public.upload USING btree (client_id, sha256);
CREATE UNIQUE INDEX upload_in_inbox ON public.upload USING btree (client_id, key, sha256) WHERE in_inbox;
CREATE INDEX upload_state_idx ON public.upload USING btree (state, created_at);
CREATE OR REPLACE VIEW public.client_balance AS
 SELECT c.client_id,
    c.code,
    (COALESCE(sum(l.amount), (0)::numeric))::numeric(14,4) AS balance,
    (COALESCE(sum(l.held), (0)::numeric))::numeric(14,4) AS held
   FROM (public.client c
     LEFT JOIN public.ledger_entry l USING (client_id))
  GROUP BY c.client_id;
CREATE TRIGGER audit_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_entry FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER audit_chain BEFORE INSERT ON public.audit_entry FOR EACH ROW EXECUTE FUNCTION public.chain_audit();
CREATE TRIGGER ledger_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_entry FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER ledger_never_negative BEFORE INSERT ON public.ledger_entry FOR EACH ROW WHEN ((new.amount < (0)::numeric)) EXECUTE FUNCTION public.guard_balance();
ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_list_id_fkey FOREIGN KEY (list_id) REFERENCES public.contact_list(list_id);
ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES public.upload(upload_id);
ALTER TABLE ONLY public.contact_list
    ADD CONSTRAINT contact_list_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_list_id_fkey FOREIGN KEY (list_id) REFERENCES public.contact_list(list_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES public.upload(upload_id);
ALTER TABLE ONLY public.inbound_message
    ADD CONSTRAINT inbound_message_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.modem_group(group_id);
ALTER TABLE ONLY public.ledger_entry
    ADD CONSTRAINT ledger_entry_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaign(campaign_id);
ALTER TABLE ONLY public.ledger_entry
    ADD CONSTRAINT ledger_entry_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.modem
    ADD CONSTRAINT modem_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.modem_group(group_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.opt_out
    ADD CONSTRAINT opt_out_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.quote
    ADD CONSTRAINT quote_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaign(campaign_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.remembered_mapping
    ADD CONSTRAINT remembered_mapping_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
ALTER TABLE ONLY public.remembered_mapping
    ADD CONSTRAINT remembered_mapping_import_id_fkey FOREIGN KEY (import_id) REFERENCES public.upload(import_id);
ALTER TABLE ONLY public.send_batch
    ADD CONSTRAINT send_batch_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaign(campaign_id);
ALTER TABLE ONLY public.send_batch
    ADD CONSTRAINT send_batch_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.modem_group(group_id);
ALTER TABLE ONLY public.upload
    ADD CONSTRAINT upload_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(client_id);
GRANT ALL ON SCHEMA public TO smsswitch_owner;
GRANT USAGE ON SCHEMA public TO smsswitch_app;
GRANT USAGE ON SCHEMA public TO smsswitch_reader;
GRANT USAGE ON SCHEMA public TO smsswitch_taxation;
GRANT USAGE ON SCHEMA public TO smsswitch_unmask;
GRANT USAGE ON SCHEMA public TO smsswitch_auditor;
REVOKE ALL ON FUNCTION public.ensure_message_partitions(month date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ensure_message_partitions(month date) TO smsswitch_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.alert TO smsswitch_app;
GRANT SELECT ON TABLE public.alert TO smsswitch_reader;
GRANT SELECT,INSERT ON TABLE public.attempt TO smsswitch_app;
GRANT SELECT,INSERT ON TABLE public.audit_entry TO smsswitch_app;
GRANT SELECT ON TABLE public.audit_entry TO smsswitch_auditor;
GRANT SELECT,INSERT,UPDATE ON TABLE public.campaign TO smsswitch_app;
GRANT SELECT ON TABLE public.campaign TO smsswitch_reader;
GRANT USAGE ON SEQUENCE public.message_id_seq TO smsswitch_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.message TO smsswitch_app;
GRANT SELECT ON TABLE public.campaign_count TO smsswitch_app;
GRANT SELECT ON TABLE public.campaign_count TO smsswitch_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.client TO smsswitch_app;
GRANT SELECT ON TABLE public.client TO smsswitch_reader;
GRANT SELECT ON TABLE public.client_balance TO smsswitch_app;
GRANT SELECT ON TABLE public.client_balance TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.contact TO smsswitch_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.contact_list TO smsswitch_app;
GRANT SELECT ON TABLE public.contact_list TO smsswitch_reader;
GRANT SELECT ON TABLE public.inbound_message TO smsswitch_app;
GRANT SELECT,INSERT ON TABLE public.ledger_entry TO smsswitch_app;
GRANT SELECT ON TABLE public.ledger_entry TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.modem TO smsswitch_app;
GRANT SELECT ON TABLE public.modem TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.modem_group TO smsswitch_app;
GRANT SELECT ON TABLE public.modem_group TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE ON TABLE public.modem_sample TO smsswitch_app;
GRANT SELECT ON TABLE public.modem_sample TO smsswitch_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.opt_out TO smsswitch_app;
GRANT SELECT,INSERT ON TABLE public.quote TO smsswitch_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.remembered_mapping TO smsswitch_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.segment TO smsswitch_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.send_batch TO smsswitch_app;
GRANT SELECT ON TABLE public.send_batch TO smsswitch_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.upload TO smsswitch_app;
GRANT SELECT ON TABLE public.upload TO smsswitch_reader;
