-- Call accounting: PBXs, their spool files and layouts, the tickets, what was set aside, treatments.
create type spool_policy as enum (
  'evolve',  -- a new layout adds and widens columns at once
  'freeze',  -- a layout that needs DDL is quarantined
  'approve'  -- a layout that needs DDL waits for a person
);
create table pbx (
  code text primary key check (code ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  client_id bigint references client,
  timezone text not null default 'Europe/Paris',
  charset text not null default 'cp1252',
  blanks_stripped boolean not null default false,
  policy spool_policy not null default 'evolve',
  dial_plan jsonb not null default
  '{"outside": "", "international": "00", "national": "0", "country": "33"}',
  created_at timestamptz not null default now()
);
comment on table pbx is 'A telephone exchange whose tickets are read. Its code is its folder in the spool.';
comment on column pbx.client_id is 'Who pays for its calls, by that client''s tariff; null = the default tariff.';
comment on column pbx.timezone is 'Dates of its tickets are local time of this zone.';
comment on column pbx.blanks_stripped is 'Its files cut trailing blanks off each record.';
comment on column pbx.dial_plan is 'What callers dial before a number: outside line, international, national; and the own country''s code.';

create type spool_state as enum (
  'loaded',       -- its tickets are in taxdata, the bad ones in rejected_ticket
  'quarantined',  -- its structure is broken: nothing of it is loaded
  'waiting'       -- sound, but its layout waits for a person's approval
);
create table spooled_file (
  file_id bigint generated always as identity primary key,
  pbx text not null references pbx,
  name text not null,
  size bigint not null,
  sha256 text not null unique check (sha256 ~ '^[0-9a-f]{64}$'),
  state spool_state not null,
  reason text,
  detail text,
  line integer,
  layouts text[] not null default '{}',
  tickets integer not null default 0,
  rejected integer not null default 0,
  counts jsonb not null default '{}',
  raw_key text not null,
  processed_at timestamptz not null default now(),
  check ((state = 'loaded') = (reason is null)),
  check (state = 'loaded' or tickets = 0)
);
comment on table spooled_file is 'Each spool file once, by its content; the same bytes under another name are no other file.';
comment on column spooled_file.line is 'Where the structure broke, from 1.';
comment on column spooled_file.raw_key is 'The untouched file, relative to the spool''s address.';
create index spooled_file_pbx on spooled_file (pbx, file_id);

create table spool_sighting (
  pbx text not null references pbx,
  name text not null,
  size bigint not null,
  modified timestamptz not null,
  sha256 text not null,
  seen_at timestamptz not null default now(),
  primary key (pbx, name)
);
comment on table spool_sighting is 'What was last read under each name, so that a poll reads only what is new or changed.';

create table ticket_layout (
  layout text primary key check (layout ~ '^[0-9a-f]{64}$'),
  ticket_version text not null,
  columns smallint not null,
  record_length integer not null,
  first_pbx text not null references pbx,
  seen_at timestamptz not null default now(),
  approved_by text,
  approved_at timestamptz,
  ddl text not null default ''
);
comment on table ticket_layout is 'Every format line seen. Its key is the sha256 of the normalised quadruples.';
comment on column ticket_layout.ddl is 'What it asked of taxdata when it came.';

create table meta_columndesc (
  layout text not null references ticket_layout,
  position smallint not null,
  source_name text not null,
  column_name text not null,
  first_col integer not null,
  last_col integer not null,
  type text not null check (type in ('L', 'N', 'R')),
  primary key (layout, position),
  unique (layout, column_name)
);
comment on table meta_columndesc is 'The fields of each layout, and the column of taxdata that takes each.';

create table column_alias (
  source_name text primary key check (source_name = lower(source_name)),
  column_name text not null check (column_name = lower(column_name))
);
comment on table column_alias is 'Fields that a release renamed: the old name as PostgreSQL folds it, and the column it goes to.';
insert into column_alias (source_name, column_name) values
('externfacilities', 'externalfacilities'),
('internfacilities', 'internalfacilities');

create table taxdata (
  ticket_id bigint primary key,
  file_id bigint not null,
  line_number integer not null,
  content_digest uuid not null,
  ambiguous_time boolean not null,
  check (ticket_id = file_id * 100000000 + line_number)
);
comment on table taxdata is 'The tickets. Starts with where each comes from; layouts add and widen the columns. Only smsswitch_taxation alters it.';
comment on column taxdata.file_id is 'Of spooled_file; no foreign key, whose check would cost as much as the load.';
comment on column taxdata.content_digest is 'The same for the same record under one layout of one PBX; starts with its date, so that the index grows at its end.';
comment on column taxdata.ambiguous_time is 'Its start or end lies in the hour that comes twice in autumn.';
create index taxdata_content on taxdata (content_digest, ticket_id);

create table duplicate_ticket (ticket_id bigint primary key references taxdata on delete cascade);
comment on table duplicate_ticket is 'Tickets whose content another row holds too; of each, the lowest (sha256, line) is not in here.';

create table rejected_ticket (
  file_id bigint not null references spooled_file on delete cascade,
  line_number integer not null,
  reason text not null,
  column_name text not null,
  value text not null,
  primary key (file_id, line_number)
);
comment on table rejected_ticket is 'Single tickets with a value that cannot be, of files that were loaded.';

create table call_type (
  code smallint primary key,
  name text not null unique,
  direction text not null check (direction in ('outgoing', 'incoming', 'local', 'unspecified')),
  label_fr text not null
);
insert into call_type (code, name, direction, label_fr) values
(0, 'PublicNetworkOutgoingCall', 'outgoing', 'Appel sortant, réseau public'),
(1, 'PublicNetworkOutgoingCallThroughPrivateNetwork', 'outgoing', 'Appel sortant public par le réseau privé'),
(2, 'PrivateNetworkCall', 'outgoing', 'Appel du réseau privé'),
(3, 'LocalCall', 'local', 'Appel interne'),
(4, 'PublicNetworkIncomingCall', 'incoming', 'Appel entrant, réseau public'),
(5, 'PublicNetworkIncomingCallThroughPrivateNetwork', 'incoming', 'Appel entrant public par le réseau privé'),
(6, 'Unspecified', 'unspecified', 'Non précisé'),
(7, 'PrivateNetworkOutgoingCallToPublicNetwork', 'outgoing', 'Appel sortant du privé vers le public'),
(8, 'PrivateNetworkOutgoingCallToPrivateNetwork', 'outgoing', 'Appel sortant du privé vers le privé'),
(9, 'PublicNetworkIncomingCallToPrivateNetwork', 'incoming', 'Appel entrant du public vers le privé'),
(10, 'PrivateNetworkIncomingCallToPrivateNetwork', 'incoming', 'Appel entrant du privé vers le privé'),
(11, 'PublicOrPrivateNetworkOutgoingCallThroughPrivateNetwork', 'outgoing', 'Appel sortant par le réseau privé'),
(12, 'PublicOrPrivateNetworkIncomingCallThroughPrivateNetwork', 'incoming', 'Appel entrant par le réseau privé'),
(13, 'PrivateNetworkIncomingCall', 'incoming', 'Appel entrant du réseau privé'),
(14, 'LocalLocalNode', 'local', 'Appel interne au nœud'),
(15, 'LocalTransit', 'local', 'Transit interne');

create table ticket_field (
  position smallint primary key,
  source_name text not null unique,
  column_name text not null unique,
  stable_name text not null unique,
  stable_type text not null check (stable_type in ('bigint', 'timestamp', 'text')),
  masked boolean not null default false,
  label_fr text not null
);
comment on table ticket_field is 'The documented fields: the column each comes in, and its stable name and type in v_ticket.';
comment on column ticket_field.masked is 'May hold the number of an outside party.';
insert into ticket_field (position, source_name, column_name, stable_name, stable_type, masked, label_fr) values
(1, 'TicketVersion', 'ticketversion', 'ticket_version', 'text', false, 'Version du ticket de facturation'),
(2, 'CalledNumber', 'callednumber', 'called_number', 'text', true, 'Numéro appelé ou appelant (selon le sens)'),
(3, 'ChargedNumber', 'chargednumber', 'charged_number', 'text', false, 'Poste facturé'),
(4, 'ChargedUserName', 'chargedusername', 'charged_user_name', 'text', false, 'Nom du titulaire du poste'),
(5, 'ChargedCostCenter', 'chargedcostcenter', 'charged_cost_center', 'text', false, 'Centre de coût'),
(6, 'ChargedCompany', 'chargedcompany', 'charged_company', 'text', false, 'Société facturée'),
(7, 'ChargedPartyNode', 'chargedpartynode', 'charged_party_node', 'text', false, 'Nœud du poste facturé'),
(8, 'Subaddress', 'subaddress', 'subaddress', 'text', true, 'Sous-adresse'),
(9, 'CallingNumber', 'callingnumber', 'calling_number', 'text', true, 'Numéro appelant'),
(10, 'CallType', 'calltype', 'call_type', 'bigint', false, 'Type d''appel (code)'),
(11, 'CostType', 'costtype', 'cost_type', 'text', false, 'Type de coût'),
(12, 'EndDateTime', 'enddatetime', 'end_date_time', 'timestamp', false, 'Date et heure de fin de l''appel'),
(13, 'ChargeUnits', 'chargeunits', 'charge_units', 'bigint', false, 'Unités téléphoniques facturées'),
(14, 'CostInfo', 'costinfo', 'cost_info', 'text', false, 'Information de coût'),
(15, 'Duration', 'duration', 'duration', 'bigint', false, 'Durée de l''appel (s)'),
(16, 'TrunkIdentity', 'trunkidentity', 'trunk_identity', 'bigint', false, 'Jonction'),
(17, 'TrunkGroupIdentity', 'trunkgroupidentity', 'trunk_group_identity', 'text', false, 'Faisceau'),
(18, 'TrunkNode', 'trunknode', 'trunk_node', 'bigint', false, 'Nœud de la jonction'),
(
  19,
  'PersonalOrBusiness',
  'personalorbusiness',
  'personal_or_business',
  'text',
  false,
  'Appel personnel ou professionnel'
),
(20, 'AccessCode', 'accesscode', 'access_code', 'text', false, 'Code d''accès'),
(
  21,
  'SpecificChargeInfo',
  'specificchargeinfo',
  'specific_charge_info',
  'text',
  false,
  'Information de taxe spécifique'
),
(22, 'BearerCapability', 'bearercapability', 'bearer_capability', 'text', false, 'Type de support'),
(23, 'HighLevelComp', 'highlevelcomp', 'high_level_comp', 'text', false, 'Compatibilité de couche haute'),
(24, 'DataVolume', 'datavolume', 'data_volume', 'bigint', false, 'Volume de données'),
(25, 'UserToUserVolume', 'usertouservolume', 'user_to_user_volume', 'bigint', false, 'Volume d''usager à usager'),
(26, 'ExternalFacilities', 'externalfacilities', 'external_facilities', 'text', false, 'Services externes'),
(27, 'InternalFacilities', 'internalfacilities', 'internal_facilities', 'text', false, 'Services internes'),
(28, 'CallReference', 'callreference', 'call_reference', 'text', false, 'Référence d''appel'),
(29, 'SegmentsRate1', 'segmentsrate1', 'segments_rate1', 'bigint', false, 'Segments au tarif 1'),
(30, 'SegmentsRate2', 'segmentsrate2', 'segments_rate2', 'bigint', false, 'Segments au tarif 2'),
(31, 'SegmentsRate3', 'segmentsrate3', 'segments_rate3', 'bigint', false, 'Segments au tarif 3'),
(32, 'ComType', 'comtype', 'com_type', 'text', false, 'Type de communication'),
(33, 'X25IncomingFlowRate', 'x25incomingflowrate', 'x25_incoming_flow_rate', 'text', false, 'Débit X.25 entrant'),
(34, 'X25OutgoingFlowRate', 'x25outgoingflowrate', 'x25_outgoing_flow_rate', 'text', false, 'Débit X.25 sortant'),
(35, 'Carrier', 'carrier', 'carrier', 'text', false, 'Opérateur'),
(
  36,
  'InitialDialledNumber',
  'initialdiallednumber',
  'initial_dialled_number',
  'text',
  true,
  'Numéro composé à l''origine'
),
(37, 'WaitingDuration', 'waitingduration', 'waiting_duration', 'bigint', false, 'Durée d''attente (s)'),
(
  38,
  'EffectiveCallDuration',
  'effectivecallduration',
  'effective_call_duration',
  'bigint',
  false,
  'Durée effective (s)'
),
(39, 'RedirectedCallIndicator', 'redirectedcallindicator', 'redirected_call_indicator', 'text', false, 'Appel renvoyé'),
(40, 'StartDateTime', 'startdatetime', 'start_date_time', 'timestamp', false, 'Date et heure de début de l''appel'),
(41, 'ActingExtensionNumber', 'actingextensionnumber', 'acting_extension_number', 'text', true, 'Poste qui agit'),
(42, 'CalledNumberNode', 'callednumbernode', 'called_number_node', 'bigint', false, 'Nœud du numéro appelé'),
(43, 'CallingNumberNode', 'callingnumbernode', 'calling_number_node', 'bigint', false, 'Nœud du numéro appelant'),
(
  44,
  'InitialDialledNumberNode',
  'initialdiallednumbernode',
  'initial_dialled_number_node',
  'bigint',
  false,
  'Nœud du numéro composé'
),
(
  45,
  'ActingExtensionNumberNode',
  'actingextensionnumbernode',
  'acting_extension_number_node',
  'bigint',
  false,
  'Nœud du poste qui agit'
),
(
  46,
  'TransitTrunkGroupIdentity',
  'transittrunkgroupidentity',
  'transit_trunk_group_identity',
  'text',
  false,
  'Faisceau de transit'
),
(47, 'NodeTimeOffset', 'nodetimeoffset', 'node_time_offset', 'bigint', false, 'Décalage horaire du nœud'),
(48, 'TimeDlt', 'timedlt', 'time_dlt', 'bigint', false, 'Écart de temps');

create type treatment_trigger as enum ('file_loaded', 'daily', 'monthly', 'threshold', 'manual');
create table treatment (
  name text primary key check (name ~ '^[a-z][a-z0-9_]{0,62}$'),
  title_en text not null,
  title_fr text not null,
  sql_file text not null,
  parameters jsonb not null default '{}',
  triggers treatment_trigger[] not null default '{manual}'
);
comment on table treatment is 'The predefined analyses: a documented SQL file each, and what starts it.';
comment on column treatment.parameters is 'A JSON schema of type object: what may be given, with defaults.';
insert into treatment (name, title_en, title_fr, sql_file, parameters, triggers) values
(
  'cost_per_cost_centre', 'Cost per cost centre', 'Coût par centre de coût', 'taxation/cost_per_cost_centre',
  '{"type": "object", "additionalProperties": false, "properties": {
    "from": {"type": ["string", "null"], "format": "date", "default": null},
    "to": {"type": ["string", "null"], "format": "date", "default": null},
    "pbx": {"type": ["string", "null"], "default": null}}}',
  '{file_loaded,daily,monthly,manual}'
),
(
  'call_types', 'Calls per type', 'Appels par type', 'taxation/call_types',
  '{"type": "object", "additionalProperties": false, "properties": {
    "from": {"type": ["string", "null"], "format": "date", "default": null},
    "to": {"type": ["string", "null"], "format": "date", "default": null},
    "pbx": {"type": ["string", "null"], "default": null}}}',
  '{daily,monthly,manual}'
),
(
  'traffic_by_hour', 'Traffic by weekday and hour', 'Trafic par jour et par heure', 'taxation/traffic_by_hour',
  '{"type": "object", "additionalProperties": false, "properties": {
    "from": {"type": ["string", "null"], "format": "date", "default": null},
    "to": {"type": ["string", "null"], "format": "date", "default": null},
    "pbx": {"type": ["string", "null"], "default": null}}}',
  '{daily,monthly,manual}'
),
(
  'top_destinations', 'Destinations called most', 'Destinations les plus appelées', 'taxation/top_destinations',
  '{"type": "object", "additionalProperties": false, "properties": {
    "from": {"type": ["string", "null"], "format": "date", "default": null},
    "to": {"type": ["string", "null"], "format": "date", "default": null},
    "pbx": {"type": ["string", "null"], "default": null},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20}}}',
  '{daily,monthly,manual}'
);

create table treatment_run (
  run_id bigint generated always as identity primary key,
  treatment text not null references treatment,
  trigger treatment_trigger not null,
  parameters jsonb not null,
  started_at timestamptz not null default clock_timestamp(),
  seconds numeric(12, 3) not null,
  columns text[] not null,
  result_rows integer not null
);
create table treatment_result (
  run_id bigint not null references treatment_run on delete cascade,
  row_number integer not null,
  data jsonb not null,
  primary key (run_id, row_number)
);
comment on table treatment_result is 'What a run found, a row each, keyed by the columns of its run.';

alter table taxdata owner to smsswitch_taxation;
alter table duplicate_ticket owner to smsswitch_taxation;
grant select on taxdata, duplicate_ticket to smsswitch_app;
grant select on pbx, client to smsswitch_taxation;
grant select, insert, update on alert to smsswitch_taxation;
grant insert on pbx to smsswitch_taxation;
grant select, insert, update on spooled_file, spool_sighting, ticket_layout to smsswitch_taxation;
grant select, insert on meta_columndesc, rejected_ticket to smsswitch_taxation;
grant delete on rejected_ticket to smsswitch_taxation;
grant select on column_alias, call_type, ticket_field to smsswitch_taxation;
grant select, insert, update on pbx, column_alias to smsswitch_app;
grant select on spooled_file, spool_sighting, meta_columndesc, rejected_ticket, call_type, ticket_field, treatment
to smsswitch_app, smsswitch_reader;
grant select, update on ticket_layout to smsswitch_app;
grant select, insert on treatment_run, treatment_result to smsswitch_app;
grant select on pbx, ticket_layout, column_alias, treatment_run, treatment_result to smsswitch_reader;
grant update on treatment to smsswitch_app;
