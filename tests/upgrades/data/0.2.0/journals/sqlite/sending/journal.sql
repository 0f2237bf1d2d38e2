PRAGMA user_version=0;
CREATE TABLE batches (
	id INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	procedure TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	state TEXT NOT NULL, 
	shape TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	job TEXT, 
	intended_ms BIGINT NOT NULL, 
	sent_ms BIGINT, 
	server_ms BIGINT, 
	settled_ms BIGINT, 
	actions BLOB NOT NULL, 
	outcomes BLOB, 
	PRIMARY KEY (id)
);
INSERT INTO batches VALUES (1, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'create', 'settled', 'array', 1, 'acf18ef9-80d5-4fa7-a4f2-012411fa0db5', 1795965471605, 1795965471605, 1795965471617, 1795965472233, CAST('[[9,12,"notes",null,"insert",null,{"data.name":"Old note","data.score":1},{},"0d1b08d67b32f363b74d9c391c98116e"]]' AS BLOB), CAST('[[0,"created","5827a61f-b0dc-4728-a905-ae3b14cbc44b",""]]' AS BLOB));
INSERT INTO batches VALUES (2, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'update', 'settled', 'nested', 5, '17a809c3-88c3-4ca8-a6b0-f623c7976862', 1795965471628, 1795965471628, 1795965471630, 1795965472254, CAST('[[1,4,"scores",["lead_id","L-000001"],"upsert","200d18c1-f67c-4092-af3a-85ce6fed2a03",{"data.score":9001},{"data.score":94},null],[2,5,"scores",["lead_id","L-000002"],"upsert","1ac6aed9-9b13-4e3e-a6fb-2bd93ae25a35",{"data.score":9002},{"data.score":47},null],[3,6,"scores",["lead_id","L-000003"],"upsert","4a0e3f66-e8ce-4733-a782-281637031ec1",{"data.score":9003},{"data.score":82},null],[4,7,"scores",["lead_id","L-000004"],"upsert","1d96dd82-2b73-45ac-addd-6ecf09a3704d",{"data.score":9004},{"data.score":3},null],[5,8,"scores",["lead_id","L-000005"],"upsert","aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5",{"data.score":9005},{"data.score":41},null]]' AS BLOB), CAST('[[0,"updated","200d18c1-f67c-4092-af3a-85ce6fed2a03",""],[1,"updated","1ac6aed9-9b13-4e3e-a6fb-2bd93ae25a35",""],[2,"updated","4a0e3f66-e8ce-4733-a782-281637031ec1",""],[3,"updated","1d96dd82-2b73-45ac-addd-6ecf09a3704d",""],[4,"updated","aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5",""]]' AS BLOB));
INSERT INTO batches VALUES (3, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'create', 'settled', 'array', 5, '34fd418e-6faf-4bce-a7d3-f8068eaa03d1', 1795965472235, 1795965472235, 1795965472239, 1795965472850, CAST('[[6,9,"scores",["lead_id","N-1"],"upsert",null,{"data.lead_id":"N-1","data.score":1},{},null],[7,10,"scores",["lead_id","N-2"],"upsert",null,{"data.lead_id":"N-2","data.score":2},{},null],[11,14,"team",["lead_id","T-1"],"mirror",null,{"data.lead_id":"T-1","data.city":"goa"},{},null],[12,15,"team",["lead_id","T-2"],"mirror",null,{"data.lead_id":"T-2","data.city":"goa"},{},null],[13,16,"team",["lead_id","T-3"],"mirror",null,{"data.lead_id":"T-3","data.city":"goa"},{},null]]' AS BLOB), CAST('[[0,"created","0146bae4-fd38-4f17-a328-2020f3e8e701",""],[1,"created","2518fe65-86e6-4d42-ae56-88f0532f1128",""],[2,"created","9ce129ef-605a-4732-a207-8ec9a64d4106",""],[3,"created","d4cfe1bd-260c-4899-a44b-de172b199b1d",""],[4,"created","5dcdce08-2589-41ba-a33b-0364b14361fa",""]]' AS BLOB));
INSERT INTO batches VALUES (4, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'create', 'sending', 'array', 3, NULL, 1795965473705, 1795965473705, NULL, NULL, CAST('[[10,13,"notes",null,"insert",null,{"data.name":"Twin","data.score":2},{},"a78ac9356ea72c6bb0c6f28ed4dad9c6"],[11,14,"notes",null,"insert",null,{"data.name":"Twin","data.score":2},{},"a78ac9356ea72c6bb0c6f28ed4dad9c6"],[12,15,"notes",null,"insert",null,{"data.name":"Single","data.score":3},{},"0c353ac35eea471acc2e3f1db5afa980"]]' AS BLOB), NULL);
INSERT INTO batches VALUES (5, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'create', 'sending', 'array', 2, NULL, 1795965474520, 1795965474520, 1795965474000, NULL, CAST('[[7,10,"scores",["lead_id","N-3"],"upsert",null,{"data.lead_id":"N-3","data.score":3},{},null],[8,11,"scores",["lead_id","N-4"],"upsert",null,{"data.lead_id":"N-4","data.score":4},{},null]]' AS BLOB), NULL);
INSERT INTO batches VALUES (6, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'update', 'sending', 'nested', 6, NULL, 1795965474522, 1795965474522, 1795965474000, NULL, CAST('[[1,4,"scores",["lead_id","L-000004"],"upsert","1d96dd82-2b73-45ac-addd-6ecf09a3704d",{"data.score":8004},{"data.score":9004},null],[2,5,"scores",["lead_id","L-000005"],"upsert","aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5",{"data.score":8005},{"data.score":9005},null],[3,6,"scores",["lead_id","L-000006"],"upsert","103a17df-1063-43f3-a37d-249712a4a22b",{"data.score":8006},{"data.score":49},null],[4,7,"scores",["lead_id","L-000007"],"upsert","8a466721-8074-4028-a5d6-fc4357246cf2",{"data.score":8007},{"data.score":92},null],[5,8,"scores",["lead_id","L-000008"],"upsert","f3837bf6-ff68-4260-ab77-6970a3197d8a",{"data.score":8008},{"data.score":10},null],[6,9,"scores",["lead_id","L-000009"],"upsert","0e07cadd-e180-4fc4-a0f3-9664b49997bb",{"data.score":8009},{"data.score":46},null]]' AS BLOB), NULL);
INSERT INTO batches VALUES (7, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'delete', 'sending', 'nested', 1, NULL, 1795965474525, 1795965474525, 1795965474000, NULL, CAST('[[9,12,"scores",["lead_id","L-000011"],"upsert","086cf93b-e28b-4ab8-ae35-a9338f060b01",{},{"isDeleted":false},null]]' AS BLOB), NULL);
CREATE TABLE confirmed (
	account TEXT NOT NULL, 
	procedure TEXT NOT NULL, 
	attribute TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	process_id TEXT NOT NULL, 
	fields BLOB NOT NULL, 
	learned BLOB, 
	stream TEXT NOT NULL, 
	created BOOLEAN NOT NULL, 
	deleted BOOLEAN NOT NULL, 
	began_ms BIGINT, 
	ended_ms BIGINT, 
	PRIMARY KEY (account, procedure, attribute, "key")
)
 WITHOUT ROWID

;
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000001', '200d18c1-f67c-4092-af3a-85ce6fed2a03', CAST('{"data.lead_id":"L-000001","data.score":9001}' AS BLOB), NULL, 'scores', 0, 0, 1795965471630, 1795965471717);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000002', '1ac6aed9-9b13-4e3e-a6fb-2bd93ae25a35', CAST('{"data.lead_id":"L-000002","data.score":9002}' AS BLOB), NULL, 'scores', 0, 0, 1795965471630, 1795965471717);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000003', '4a0e3f66-e8ce-4733-a782-281637031ec1', CAST('{"data.lead_id":"L-000003","data.score":9003}' AS BLOB), NULL, 'scores', 0, 0, 1795965471630, 1795965471717);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000004', '1d96dd82-2b73-45ac-addd-6ecf09a3704d', CAST('{"data.lead_id":"L-000004","data.score":9004}' AS BLOB), NULL, 'scores', 0, 0, 1795965471630, 1795965471717);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000005', 'aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5', CAST('{"data.lead_id":"L-000005","data.score":9005}' AS BLOB), NULL, 'scores', 0, 0, 1795965471630, 1795965471717);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'N-1', '0146bae4-fd38-4f17-a328-2020f3e8e701', CAST('{"data.lead_id":"N-1","data.score":1}' AS BLOB), NULL, 'scores', 1, 0, 1795965472239, 1795965472289);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'N-2', '2518fe65-86e6-4d42-ae56-88f0532f1128', CAST('{"data.lead_id":"N-2","data.score":2}' AS BLOB), NULL, 'scores', 1, 0, 1795965472239, 1795965472289);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'T-1', '9ce129ef-605a-4732-a207-8ec9a64d4106', CAST('{"data.lead_id":"T-1","data.city":"goa"}' AS BLOB), NULL, 'team', 1, 0, 1795965472239, 1795965472289);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'T-2', 'd4cfe1bd-260c-4899-a44b-de172b199b1d', CAST('{"data.lead_id":"T-2","data.city":"goa"}' AS BLOB), NULL, 'team', 1, 0, 1795965472239, 1795965472289);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'T-3', '5dcdce08-2589-41ba-a33b-0364b14361fa', CAST('{"data.lead_id":"T-3","data.city":"goa"}' AS BLOB), NULL, 'team', 1, 0, 1795965472239, 1795965472289);
CREATE TABLE findings (
	account TEXT NOT NULL, 
	procedure TEXT NOT NULL, 
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (account, procedure, name)
);
INSERT INTO findings VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'shape.create', 'array');
INSERT INTO findings VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'shape.update', 'nested');
CREATE TABLE owned (
	account TEXT NOT NULL, 
	procedure TEXT NOT NULL, 
	stream TEXT NOT NULL, 
	attribute TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	value BLOB NOT NULL, 
	seen_run INTEGER NOT NULL, 
	PRIMARY KEY (account, procedure, stream, attribute, "key")
)
 WITHOUT ROWID

;
INSERT INTO owned VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'team', 'lead_id', 'T-1', CAST('"T-1"' AS BLOB), 1);
INSERT INTO owned VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'team', 'lead_id', 'T-2', CAST('"T-2"' AS BLOB), 1);
INSERT INTO owned VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'team', 'lead_id', 'T-3', CAST('"T-3"' AS BLOB), 1);
CREATE TABLE rejects (
	id INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	procedure TEXT NOT NULL, 
	stream TEXT NOT NULL, 
	line INTEGER NOT NULL, 
	attribute TEXT, 
	"key" TEXT, 
	reason TEXT NOT NULL, 
	next_step TEXT NOT NULL, 
	job TEXT, 
	"row" BLOB NOT NULL, 
	closed TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO rejects VALUES (1, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'scores', 11, 'lead_id', 'BAD-1', 'score is ''no number'', which is no integer', 'Mend it in the source, or leave it out with fields', NULL, CAST('{"lead_id":"BAD-1","score":"no number"}' AS BLOB), NULL);
INSERT INTO rejects VALUES (2, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', 13, NULL, NULL, 'score is ''no number'', which is no integer', 'Mend it in the source, or leave it out with fields', NULL, CAST('{"name":"Bad note","score":"no number"}' AS BLOB), NULL);
INSERT INTO rejects VALUES (3, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', 16, NULL, NULL, 'score is ''no number'', which is no integer', 'Mend it in the source, or leave it out with fields', NULL, CAST('{"name":"Worse note","score":"no number"}' AS BLOB), NULL);
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	began_ms BIGINT NOT NULL, 
	ended_ms BIGINT, 
	exit_code INTEGER, 
	receipt TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO runs VALUES (1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'pid 1 on somewhere', 1795965471576, 1795965472856, 0, '{"run":1,"rows_in":13,"outcomes":{"created":6,"merged":0,"updated":5,"deleted":0,"unchanged":0,"superseded":0,"rejected":2,"unknown":0,"not sent":0},"streams":{"scores":{"rows_in":8,"outcomes":{"created":2,"merged":0,"updated":5,"deleted":0,"unchanged":0,"superseded":0,"rejected":1,"unknown":0,"not sent":0}},"notes":{"rows_in":2,"outcomes":{"created":1,"merged":0,"updated":0,"deleted":0,"unchanged":0,"superseded":0,"rejected":1,"unknown":0,"not sent":0}},"team":{"rows_in":3,"outcomes":{"created":3,"merged":0,"updated":0,"deleted":0,"unchanged":0,"superseded":0,"rejected":0,"unknown":0,"not sent":0}}},"unknown":0,"requests":19,"requests_repeated":0,"jobs":3,"seconds":1.291,"waited_for_pace":0.0,"stopped":false,"error":null,"halted":[],"mirrored":["team"],"mirror_deletes":{"created":0,"merged":0,"updated":0,"deleted":0,"unchanged":0,"superseded":0,"rejected":0,"unknown":0,"not sent":0},"bookmarked":[]}');
INSERT INTO runs VALUES (2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'pid 1 on somewhere', 1795965473477, NULL, NULL, NULL);
CREATE TABLE twins (
	id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	procedure TEXT NOT NULL, 
	stream TEXT NOT NULL, 
	twin TEXT NOT NULL, 
	run INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	batch INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO twins VALUES (1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', 'a78ac9356ea72c6bb0c6f28ed4dad9c6', 2, 10, 4, 0);
INSERT INTO twins VALUES (2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', 'a78ac9356ea72c6bb0c6f28ed4dad9c6', 2, 11, 4, 1);
INSERT INTO twins VALUES (3, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', '0c353ac35eea471acc2e3f1db5afa980', 2, 12, 4, 2);
CREATE TABLE unknowns (
	id INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	procedure TEXT NOT NULL, 
	stream TEXT NOT NULL, 
	line INTEGER NOT NULL, 
	attribute TEXT, 
	"key" BLOB, 
	process_id TEXT, 
	kind TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	twin TEXT, 
	fields BLOB NOT NULL, 
	free_ms BIGINT NOT NULL, 
	resolved TEXT, 
	PRIMARY KEY (id)
);
CREATE TABLE version (
	number INTEGER NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO version VALUES (1);
CREATE INDEX batches_by_state ON batches (account, state);
CREATE INDEX rejects_by_key ON rejects (account, procedure, attribute, "key");
CREATE INDEX twins_by_batch ON twins (batch);
CREATE INDEX twins_by_hash ON twins (account, stream, twin);
