SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.batches (
    id bigint NOT NULL,
    run bigint NOT NULL,
    account text NOT NULL,
    procedure text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    shape text NOT NULL,
    size integer NOT NULL,
    job text,
    intended_ms bigint NOT NULL,
    sent_ms bigint,
    server_ms bigint,
    settled_ms bigint,
    actions bytea NOT NULL,
    outcomes bytea
);
CREATE SEQUENCE public.batches_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.batches_id_seq OWNED BY public.batches.id;
CREATE TABLE public.confirmed (
    account text NOT NULL,
    procedure text NOT NULL,
    attribute text NOT NULL,
    key text NOT NULL,
    process_id text NOT NULL,
    fields bytea NOT NULL,
    learned bytea,
    stream text NOT NULL,
    created boolean NOT NULL,
    deleted boolean NOT NULL,
    began_ms bigint,
    ended_ms bigint
);
CREATE TABLE public.findings (
    account text NOT NULL,
    procedure text NOT NULL,
    name text NOT NULL,
    value text NOT NULL
);
CREATE TABLE public.owned (
    account text NOT NULL,
    procedure text NOT NULL,
    stream text NOT NULL,
    attribute text NOT NULL,
    key text NOT NULL,
    value bytea NOT NULL,
    seen_run bigint NOT NULL
);
CREATE TABLE public.rejects (
    id bigint NOT NULL,
    run bigint NOT NULL,
    account text NOT NULL,
    procedure text NOT NULL,
    stream text NOT NULL,
    line bigint NOT NULL,
    attribute text,
    key text,
    reason text NOT NULL,
    next_step text NOT NULL,
    job text,
    "row" bytea NOT NULL,
    closed text
);
CREATE SEQUENCE public.rejects_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.rejects_id_seq OWNED BY public.rejects.id;
CREATE TABLE public.runs (
    id bigint NOT NULL,
    account text NOT NULL,
    holder text NOT NULL,
    began_ms bigint NOT NULL,
    ended_ms bigint,
    exit_code integer,
    receipt text
);
CREATE SEQUENCE public.runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.runs_id_seq OWNED BY public.runs.id;
CREATE TABLE public.twins (
    id bigint NOT NULL,
    account text NOT NULL,
    procedure text NOT NULL,
    stream text NOT NULL,
    twin text NOT NULL,
    run bigint NOT NULL,
    seq bigint NOT NULL,
    batch bigint NOT NULL,
    "position" integer NOT NULL
);
CREATE SEQUENCE public.twins_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.twins_id_seq OWNED BY public.twins.id;
CREATE TABLE public.unknowns (
    id bigint NOT NULL,
    run bigint NOT NULL,
    account text NOT NULL,
    procedure text NOT NULL,
    stream text NOT NULL,
    line bigint NOT NULL,
    attribute text,
    key bytea,
    process_id text,
    kind text NOT NULL,
    reason text NOT NULL,
    twin text,
    fields bytea NOT NULL,
    free_ms bigint NOT NULL,
    resolved text
);
CREATE SEQUENCE public.unknowns_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.unknowns_id_seq OWNED BY public.unknowns.id;
CREATE TABLE public.version (
    number integer NOT NULL
);
CREATE SEQUENCE public.version_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.version_number_seq OWNED BY public.version.number;
ALTER TABLE ONLY public.batches ALTER COLUMN id SET DEFAULT nextval('public.batches_id_seq'::regclass);
ALTER TABLE ONLY public.rejects ALTER COLUMN id SET DEFAULT nextval('public.rejects_id_seq'::regclass);
ALTER TABLE ONLY public.runs ALTER COLUMN id SET DEFAULT nextval('public.runs_id_seq'::regclass);
ALTER TABLE ONLY public.twins ALTER COLUMN id SET DEFAULT nextval('public.twins_id_seq'::regclass);
ALTER TABLE ONLY public.unknowns ALTER COLUMN id SET DEFAULT nextval('public.unknowns_id_seq'::regclass);
ALTER TABLE ONLY public.version ALTER COLUMN number SET DEFAULT nextval('public.version_number_seq'::regclass);
INSERT INTO public.batches VALUES (1, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'create', 'settled', 'array', 1, 'acf18ef9-80d5-4fa7-a4f2-012411fa0db5', 1795965551729, 1795965551729, 1795965551747, 1795965552381, '[[9,12,"notes",null,"insert",null,{"data.name":"Old note","data.score":1},{},"0d1b08d67b32f363b74d9c391c98116e"]]', '[[0,"created","5827a61f-b0dc-4728-a905-ae3b14cbc44b",""]]');
INSERT INTO public.batches VALUES (2, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'update', 'settled', 'nested', 5, '17a809c3-88c3-4ca8-a6b0-f623c7976862', 1795965551766, 1795965551766, 1795965551778, 1795965552417, '[[1,4,"scores",["lead_id","L-000001"],"upsert","200d18c1-f67c-4092-af3a-85ce6fed2a03",{"data.score":9001},{"data.score":94},null],[2,5,"scores",["lead_id","L-000002"],"upsert","1ac6aed9-9b13-4e3e-a6fb-2bd93ae25a35",{"data.score":9002},{"data.score":47},null],[3,6,"scores",["lead_id","L-000003"],"upsert","4a0e3f66-e8ce-4733-a782-281637031ec1",{"data.score":9003},{"data.score":82},null],[4,7,"scores",["lead_id","L-000004"],"upsert","1d96dd82-2b73-45ac-addd-6ecf09a3704d",{"data.score":9004},{"data.score":3},null],[5,8,"scores",["lead_id","L-000005"],"upsert","aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5",{"data.score":9005},{"data.score":41},null]]', '[[0,"updated","200d18c1-f67c-4092-af3a-85ce6fed2a03",""],[1,"updated","1ac6aed9-9b13-4e3e-a6fb-2bd93ae25a35",""],[2,"updated","4a0e3f66-e8ce-4733-a782-281637031ec1",""],[3,"updated","1d96dd82-2b73-45ac-addd-6ecf09a3704d",""],[4,"updated","aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5",""]]');
INSERT INTO public.batches VALUES (3, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'create', 'settled', 'array', 5, '34fd418e-6faf-4bce-a7d3-f8068eaa03d1', 1795965552385, 1795965552385, 1795965552390, 1795965553002, '[[6,9,"scores",["lead_id","N-1"],"upsert",null,{"data.lead_id":"N-1","data.score":1},{},null],[7,10,"scores",["lead_id","N-2"],"upsert",null,{"data.lead_id":"N-2","data.score":2},{},null],[11,14,"team",["lead_id","T-1"],"mirror",null,{"data.lead_id":"T-1","data.city":"goa"},{},null],[12,15,"team",["lead_id","T-2"],"mirror",null,{"data.lead_id":"T-2","data.city":"goa"},{},null],[13,16,"team",["lead_id","T-3"],"mirror",null,{"data.lead_id":"T-3","data.city":"goa"},{},null]]', '[[0,"created","0146bae4-fd38-4f17-a328-2020f3e8e701",""],[1,"created","2518fe65-86e6-4d42-ae56-88f0532f1128",""],[2,"created","9ce129ef-605a-4732-a207-8ec9a64d4106",""],[3,"created","d4cfe1bd-260c-4899-a44b-de172b199b1d",""],[4,"created","5dcdce08-2589-41ba-a33b-0364b14361fa",""]]');
INSERT INTO public.batches VALUES (4, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'create', 'settled', 'array', 3, 'ba936eb0-eecf-4373-aa95-ee5fd40836aa', 1795965553860, 1795965553860, 1795965553867, 1795965557509, '[[10,13,"notes",null,"insert",null,{"data.name":"Twin","data.score":2},{},"a78ac9356ea72c6bb0c6f28ed4dad9c6"],[11,14,"notes",null,"insert",null,{"data.name":"Twin","data.score":2},{},"a78ac9356ea72c6bb0c6f28ed4dad9c6"],[12,15,"notes",null,"insert",null,{"data.name":"Single","data.score":3},{},"0c353ac35eea471acc2e3f1db5afa980"]]', '[[0,"unknown",null,"the answer was lost and it has no key"],[1,"unknown",null,"the answer was lost and it has no key"],[2,"unknown",null,"the answer was lost and it has no key"]]');
INSERT INTO public.batches VALUES (5, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'create', 'settled', 'array', 2, '8897c1a3-c757-4720-af72-cabc46264df6', 1795965553882, 1795965553882, 1795965553886, 1795965557568, '[[7,10,"scores",["lead_id","N-3"],"upsert",null,{"data.lead_id":"N-3","data.score":3},{},null],[8,11,"scores",["lead_id","N-4"],"upsert",null,{"data.lead_id":"N-4","data.score":4},{},null]]', '[[0,"unknown",null,"the answer was lost, and the process is as before"],[1,"unknown",null,"the answer was lost, and the process is as before"]]');
INSERT INTO public.batches VALUES (6, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'update', 'settled', 'nested', 6, '1f00d2ec-2779-4392-ad65-83892e4d4a90', 1795965553885, 1795965553885, 1795965553890, 1795965557597, '[[1,4,"scores",["lead_id","L-000004"],"upsert","1d96dd82-2b73-45ac-addd-6ecf09a3704d",{"data.score":8004},{"data.score":9004},null],[2,5,"scores",["lead_id","L-000005"],"upsert","aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5",{"data.score":8005},{"data.score":9005},null],[3,6,"scores",["lead_id","L-000006"],"upsert","103a17df-1063-43f3-a37d-249712a4a22b",{"data.score":8006},{"data.score":49},null],[4,7,"scores",["lead_id","L-000007"],"upsert","8a466721-8074-4028-a5d6-fc4357246cf2",{"data.score":8007},{"data.score":92},null],[5,8,"scores",["lead_id","L-000008"],"upsert","f3837bf6-ff68-4260-ab77-6970a3197d8a",{"data.score":8008},{"data.score":10},null],[6,9,"scores",["lead_id","L-000009"],"upsert","0e07cadd-e180-4fc4-a0f3-9664b49997bb",{"data.score":8009},{"data.score":46},null]]', '[[0,"unknown","1d96dd82-2b73-45ac-addd-6ecf09a3704d","the answer was lost, and the process is as before"],[1,"unknown","aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5","the answer was lost, and the process is as before"],[2,"unknown","103a17df-1063-43f3-a37d-249712a4a22b","the answer was lost, and the process is as before"],[3,"unknown","8a466721-8074-4028-a5d6-fc4357246cf2","the answer was lost, and the process is as before"],[4,"unknown","f3837bf6-ff68-4260-ab77-6970a3197d8a","the answer was lost, and the process is as before"],[5,"unknown","0e07cadd-e180-4fc4-a0f3-9664b49997bb","the answer was lost, and the process is as before"]]');
INSERT INTO public.batches VALUES (7, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'delete', 'settled', 'nested', 1, '92773887-0322-4199-a4bd-0b753740c224', 1795965553888, 1795965553888, 1795965553893, 1795965557613, '[[9,12,"scores",["lead_id","L-000011"],"upsert","086cf93b-e28b-4ab8-ae35-a9338f060b01",{},{"isDeleted":false},null]]', '[[0,"unknown","086cf93b-e28b-4ab8-ae35-a9338f060b01","the answer was lost, and the process is as before"]]');
INSERT INTO public.confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000001', '200d18c1-f67c-4092-af3a-85ce6fed2a03', '{"data.lead_id":"L-000001","data.score":9001}', NULL, 'scores', false, false, 1795965551778, 1795965551847);
INSERT INTO public.confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000002', '1ac6aed9-9b13-4e3e-a6fb-2bd93ae25a35', '{"data.lead_id":"L-000002","data.score":9002}', NULL, 'scores', false, false, 1795965551778, 1795965551847);
INSERT INTO public.confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000003', '4a0e3f66-e8ce-4733-a782-281637031ec1', '{"data.lead_id":"L-000003","data.score":9003}', NULL, 'scores', false, false, 1795965551778, 1795965551847);
INSERT INTO public.confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000004', '1d96dd82-2b73-45ac-addd-6ecf09a3704d', '{"data.lead_id":"L-000004","data.score":9004}', NULL, 'scores', false, false, 1795965551778, 1795965551847);
INSERT INTO public.confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000005', 'aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5', '{"data.lead_id":"L-000005","data.score":9005}', NULL, 'scores', false, false, 1795965551778, 1795965551847);
INSERT INTO public.confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'N-1', '0146bae4-fd38-4f17-a328-2020f3e8e701', '{"data.lead_id":"N-1","data.score":1}', NULL, 'scores', true, false, 1795965552390, 1795965552440);
INSERT INTO public.confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'N-2', '2518fe65-86e6-4d42-ae56-88f0532f1128', '{"data.lead_id":"N-2","data.score":2}', NULL, 'scores', true, false, 1795965552390, 1795965552440);
INSERT INTO public.confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'T-1', '9ce129ef-605a-4732-a207-8ec9a64d4106', '{"data.lead_id":"T-1","data.city":"goa"}', NULL, 'team', true, false, 1795965552390, 1795965552440);
INSERT INTO public.confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'T-2', 'd4cfe1bd-260c-4899-a44b-de172b199b1d', '{"data.lead_id":"T-2","data.city":"goa"}', NULL, 'team', true, false, 1795965552390, 1795965552440);
INSERT INTO public.confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'T-3', '5dcdce08-2589-41ba-a33b-0364b14361fa', '{"data.lead_id":"T-3","data.city":"goa"}', NULL, 'team', true, false, 1795965552390, 1795965552440);
INSERT INTO public.findings VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'shape.create', 'array');
INSERT INTO public.findings VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'shape.update', 'nested');
INSERT INTO public.owned VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'team', 'lead_id', 'T-1', '"T-1"', 1);
INSERT INTO public.owned VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'team', 'lead_id', 'T-2', '"T-2"', 1);
INSERT INTO public.owned VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'team', 'lead_id', 'T-3', '"T-3"', 1);
INSERT INTO public.rejects VALUES (1, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'scores', 11, 'lead_id', 'BAD-1', 'score is ''no number'', which is no integer', 'Mend it in the source, or leave it out with fields', NULL, '{"lead_id":"BAD-1","score":"no number"}', NULL);
INSERT INTO public.rejects VALUES (2, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', 13, NULL, NULL, 'score is ''no number'', which is no integer', 'Mend it in the source, or leave it out with fields', NULL, '{"name":"Bad note","score":"no number"}', NULL);
INSERT INTO public.rejects VALUES (3, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', 16, NULL, NULL, 'score is ''no number'', which is no integer', 'Mend it in the source, or leave it out with fields', NULL, '{"name":"Worse note","score":"no number"}', NULL);
INSERT INTO public.runs VALUES (1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'pid 1 on somewhere', 1795965551645, 1795965553013, 0, '{"run":1,"rows_in":13,"outcomes":{"created":6,"merged":0,"updated":5,"deleted":0,"unchanged":0,"superseded":0,"rejected":2,"unknown":0,"not sent":0},"streams":{"scores":{"rows_in":8,"outcomes":{"created":2,"merged":0,"updated":5,"deleted":0,"unchanged":0,"superseded":0,"rejected":1,"unknown":0,"not sent":0}},"notes":{"rows_in":2,"outcomes":{"created":1,"merged":0,"updated":0,"deleted":0,"unchanged":0,"superseded":0,"rejected":1,"unknown":0,"not sent":0}},"team":{"rows_in":3,"outcomes":{"created":3,"merged":0,"updated":0,"deleted":0,"unchanged":0,"superseded":0,"rejected":0,"unknown":0,"not sent":0}}},"unknown":0,"requests":19,"requests_repeated":0,"jobs":3,"seconds":1.536,"waited_for_pace":0.0,"stopped":false,"error":null,"halted":[],"mirrored":["team"],"mirror_deletes":{"created":0,"merged":0,"updated":0,"deleted":0,"unchanged":0,"superseded":0,"rejected":0,"unknown":0,"not sent":0},"bookmarked":[]}');
INSERT INTO public.runs VALUES (2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'pid 1 on somewhere', 1795965553790, 1795965557625, 8, '{"run":2,"rows_in":13,"outcomes":{"created":0,"merged":0,"updated":0,"deleted":0,"unchanged":0,"superseded":0,"rejected":1,"unknown":12,"not sent":0},"streams":{"scores":{"rows_in":9,"outcomes":{"created":0,"merged":0,"updated":0,"deleted":0,"unchanged":0,"superseded":0,"rejected":0,"unknown":9,"not sent":0}},"notes":{"rows_in":4,"outcomes":{"created":0,"merged":0,"updated":0,"deleted":0,"unchanged":0,"superseded":0,"rejected":1,"unknown":3,"not sent":0}}},"unknown":12,"requests":39,"requests_repeated":0,"jobs":4,"seconds":3.908,"waited_for_pace":0.0,"stopped":false,"error":null,"halted":[],"mirrored":["team"],"mirror_deletes":{"created":0,"merged":0,"updated":0,"deleted":0,"unchanged":0,"superseded":0,"rejected":0,"unknown":0,"not sent":0},"bookmarked":[]}');
INSERT INTO public.twins VALUES (2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', 'a78ac9356ea72c6bb0c6f28ed4dad9c6', 2, 10, 4, 0);
INSERT INTO public.twins VALUES (3, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', 'a78ac9356ea72c6bb0c6f28ed4dad9c6', 2, 11, 4, 1);
INSERT INTO public.twins VALUES (4, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', '0c353ac35eea471acc2e3f1db5afa980', 2, 12, 4, 2);
INSERT INTO public.unknowns VALUES (1, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', 13, NULL, NULL, NULL, 'create', 'the answer was lost and it has no key', 'a78ac9356ea72c6bb0c6f28ed4dad9c6', '{"data.name":"Twin","data.score":2}', 4611686018427387904, NULL);
INSERT INTO public.unknowns VALUES (2, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', 14, NULL, NULL, NULL, 'create', 'the answer was lost and it has no key', 'a78ac9356ea72c6bb0c6f28ed4dad9c6', '{"data.name":"Twin","data.score":2}', 4611686018427387904, NULL);
INSERT INTO public.unknowns VALUES (3, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', 15, NULL, NULL, NULL, 'create', 'the answer was lost and it has no key', '0c353ac35eea471acc2e3f1db5afa980', '{"data.name":"Single","data.score":3}', 4611686018427387904, NULL);
INSERT INTO public.unknowns VALUES (4, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'scores', 10, 'lead_id', '"N-3"', NULL, 'create', 'the answer was lost, and the process is as before', NULL, '{"data.lead_id":"N-3","data.score":3}', 1795965613882, NULL);
INSERT INTO public.unknowns VALUES (5, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'scores', 11, 'lead_id', '"N-4"', NULL, 'create', 'the answer was lost, and the process is as before', NULL, '{"data.lead_id":"N-4","data.score":4}', 1795965613882, NULL);
INSERT INTO public.unknowns VALUES (6, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'scores', 4, 'lead_id', '"L-000004"', '1d96dd82-2b73-45ac-addd-6ecf09a3704d', 'update', 'the answer was lost, and the process is as before', NULL, '{"data.score":8004}', 1795965613885, NULL);
INSERT INTO public.unknowns VALUES (7, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'scores', 5, 'lead_id', '"L-000005"', 'aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5', 'update', 'the answer was lost, and the process is as before', NULL, '{"data.score":8005}', 1795965613885, NULL);
INSERT INTO public.unknowns VALUES (8, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'scores', 6, 'lead_id', '"L-000006"', '103a17df-1063-43f3-a37d-249712a4a22b', 'update', 'the answer was lost, and the process is as before', NULL, '{"data.score":8006}', 1795965613885, NULL);
INSERT INTO public.unknowns VALUES (9, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'scores', 7, 'lead_id', '"L-000007"', '8a466721-8074-4028-a5d6-fc4357246cf2', 'update', 'the answer was lost, and the process is as before', NULL, '{"data.score":8007}', 1795965613885, NULL);
INSERT INTO public.unknowns VALUES (10, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'scores', 8, 'lead_id', '"L-000008"', 'f3837bf6-ff68-4260-ab77-6970a3197d8a', 'update', 'the answer was lost, and the process is as before', NULL, '{"data.score":8008}', 1795965613885, NULL);
INSERT INTO public.unknowns VALUES (11, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'scores', 9, 'lead_id', '"L-000009"', '0e07cadd-e180-4fc4-a0f3-9664b49997bb', 'update', 'the answer was lost, and the process is as before', NULL, '{"data.score":8009}', 1795965613885, NULL);
INSERT INTO public.unknowns VALUES (12, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'scores', 12, 'lead_id', '"L-000011"', '086cf93b-e28b-4ab8-ae35-a9338f060b01', 'delete', 'the answer was lost, and the process is as before', NULL, '{}', 1795965613888, NULL);
INSERT INTO public.version VALUES (1);
SELECT pg_catalog.setval('public.batches_id_seq', 7, true);
SELECT pg_catalog.setval('public.rejects_id_seq', 3, true);
SELECT pg_catalog.setval('public.runs_id_seq', 2, true);
SELECT pg_catalog.setval('public.twins_id_seq', 4, true);
SELECT pg_catalog.setval('public.unknowns_id_seq', 12, true);
SELECT pg_catalog.setval('public.version_number_seq', 1, false);
ALTER TABLE ONLY public.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.confirmed
    ADD CONSTRAINT confirmed_pkey PRIMARY KEY (account, procedure, attribute, key);
ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_pkey PRIMARY KEY (account, procedure, name);
ALTER TABLE ONLY public.owned
    ADD CONSTRAINT owned_pkey PRIMARY KEY (account, procedure, stream, attribute, key);
ALTER TABLE ONLY public.rejects
    ADD CONSTRAINT rejects_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.twins
    ADD CONSTRAINT twins_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.unknowns
    ADD CONSTRAINT unknowns_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.version
    ADD CONSTRAINT version_pkey PRIMARY KEY (number);
CREATE INDEX batches_by_state ON public.batches USING btree (account, state);
CREATE INDEX rejects_by_key ON public.rejects USING btree (account, procedure, attribute, key);
CREATE INDEX twins_by_batch ON public.twins USING btree (batch);
CREATE INDEX twins_by_hash ON public.twins USING btree (account, stream, twin);
