PRAGMA user_version=0;
CREATE TABLE arrivals (
	account TEXT NOT NULL, 
	load TEXT NOT NULL, 
	file TEXT NOT NULL, 
	settled BLOB NOT NULL, 
	PRIMARY KEY (account, load, file)
)
 WITHOUT ROWID

;
INSERT INTO arrivals VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'push/1795966110.7611668', 'notes.30ac1e5dc2', CAST('[[1,4]]' AS BLOB));
INSERT INTO arrivals VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'push/1795966110.7611668', 'scores.48626c0c57', CAST('[[1,12]]' AS BLOB));
INSERT INTO arrivals VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'push/1795966110.7611668', 'scores.c6795b7334', CAST('[[1,8]]' AS BLOB));
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
INSERT INTO batches VALUES (1, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'create', 'settled', 'array', 4, 'acf18ef9-80d5-4fa7-a4f2-012411fa0db5', 1795966108790, 1795966108790, 1795966108798, 1795966109428, CAST('[[1,1,"notes",null,"insert",null,{"data.name":"Note 1","data.score":0},{},"a98e2fa8f3e9791e2030c6986a561bf0"],[2,2,"notes",null,"insert",null,{"data.name":"Note 1","data.score":1},{},"9b70b7e52d928ee323ea7094a347f042"],[3,3,"notes",null,"insert",null,{"data.name":"Note 1","data.score":2},{},"9febb0262823f3dd29aa101775fd1f5c"],[4,4,"notes",null,"insert",null,{"data.name":"Note 1","data.score":3},{},"de3f30dfb12cba007b54cf1ef7f377ee"]]' AS BLOB), CAST('[[0,"created","6f75edd1-b718-44b7-a61e-82b922d3a89f",""],[1,"created","e6b4f4f5-a34c-401b-a05a-9b0babfee884",""],[2,"created","6ee34969-29fe-47e6-ab28-c524d614b32f",""],[3,"created","dd9aa4e9-7abd-44d8-a322-3790657552ae",""]]' AS BLOB));
INSERT INTO batches VALUES (2, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'update', 'settled', 'nested', 10, '17a809c3-88c3-4ca8-a6b0-f623c7976862', 1795966108809, 1795966108809, 1795966108812, 1795966109431, CAST('[[13,1,"scores",["lead_id","L-000001"],"upsert","200d18c1-f67c-4092-af3a-85ce6fed2a03",{"data.score":7101},{"data.score":94},null],[14,2,"scores",["lead_id","L-000002"],"upsert","1ac6aed9-9b13-4e3e-a6fb-2bd93ae25a35",{"data.score":7102},{"data.score":47},null],[15,3,"scores",["lead_id","L-000003"],"upsert","4a0e3f66-e8ce-4733-a782-281637031ec1",{"data.score":7103},{"data.score":82},null],[16,4,"scores",["lead_id","L-000004"],"upsert","1d96dd82-2b73-45ac-addd-6ecf09a3704d",{"data.score":7104},{"data.score":3},null],[17,5,"scores",["lead_id","L-000005"],"upsert","aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5",{"data.score":7105},{"data.score":41},null],[18,6,"scores",["lead_id","L-000006"],"upsert","103a17df-1063-43f3-a37d-249712a4a22b",{"data.score":7106},{"data.score":49},null],[19,7,"scores",["lead_id","L-000007"],"upsert","8a466721-8074-4028-a5d6-fc4357246cf2",{"data.score":7107},{"data.score":92},null],[20,8,"scores",["lead_id","L-000008"],"upsert","f3837bf6-ff68-4260-ab77-6970a3197d8a",{"data.score":7108},{"data.score":10},null],[21,9,"scores",["lead_id","L-000009"],"upsert","0e07cadd-e180-4fc4-a0f3-9664b49997bb",{"data.score":7109},{"data.score":46},null],[22,10,"scores",["lead_id","L-000010"],"upsert","ce797584-729e-446e-a2a9-88f24bd818dd",{"data.score":7110},{"data.score":27},null]]' AS BLOB), CAST('[[0,"updated","200d18c1-f67c-4092-af3a-85ce6fed2a03",""],[1,"updated","1ac6aed9-9b13-4e3e-a6fb-2bd93ae25a35",""],[2,"updated","4a0e3f66-e8ce-4733-a782-281637031ec1",""],[3,"updated","1d96dd82-2b73-45ac-addd-6ecf09a3704d",""],[4,"updated","aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5",""],[5,"updated","103a17df-1063-43f3-a37d-249712a4a22b",""],[6,"updated","8a466721-8074-4028-a5d6-fc4357246cf2",""],[7,"updated","f3837bf6-ff68-4260-ab77-6970a3197d8a",""],[8,"updated","0e07cadd-e180-4fc4-a0f3-9664b49997bb",""],[9,"updated","ce797584-729e-446e-a2a9-88f24bd818dd",""]]' AS BLOB));
INSERT INTO batches VALUES (3, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'create', 'settled', 'array', 8, '34fd418e-6faf-4bce-a7d3-f8068eaa03d1', 1795966109435, 1795966109435, 1795966109439, 1795966110051, CAST('[[5,1,"scores",["lead_id","D1-0"],"upsert",null,{"data.lead_id":"D1-0","data.score":0},{},null],[6,2,"scores",["lead_id","D1-1"],"upsert",null,{"data.lead_id":"D1-1","data.score":1},{},null],[7,3,"scores",["lead_id","D1-2"],"upsert",null,{"data.lead_id":"D1-2","data.score":2},{},null],[8,4,"scores",["lead_id","D1-3"],"upsert",null,{"data.lead_id":"D1-3","data.score":3},{},null],[9,5,"scores",["lead_id","D1-4"],"upsert",null,{"data.lead_id":"D1-4","data.score":4},{},null],[10,6,"scores",["lead_id","D1-5"],"upsert",null,{"data.lead_id":"D1-5","data.score":5},{},null],[11,7,"scores",["lead_id","D1-6"],"upsert",null,{"data.lead_id":"D1-6","data.score":6},{},null],[12,8,"scores",["lead_id","D1-7"],"upsert",null,{"data.lead_id":"D1-7","data.score":7},{},null]]' AS BLOB), CAST('[[0,"created","4b572559-ae2d-4cf4-aa84-6106e71f56c2",""],[1,"created","7c8c9475-3e3e-475f-ae39-1f0b897c69fc",""],[2,"created","cf782793-0381-403e-a749-f3bf7b4b20e9",""],[3,"created","c7b73eea-45f2-4bf4-a148-1d2ed964fae3",""],[4,"created","9ebaabfb-0344-42aa-a1eb-95c2587fa285",""],[5,"created","cf72d0ce-c029-4a0d-ae7e-88a589c3d7eb",""],[6,"created","9c7943c9-1e78-42b8-a07a-e4524c284200",""],[7,"created","c5f2a1eb-487b-44fe-a43a-79389424f7d6",""]]' AS BLOB));
INSERT INTO batches VALUES (4, 1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'update', 'settled', 'nested', 2, 'ba936eb0-eecf-4373-aa95-ee5fd40836aa', 1795966109437, 1795966109437, 1795966109441, 1795966110054, CAST('[[23,11,"scores",["lead_id","L-000011"],"upsert","086cf93b-e28b-4ab8-ae35-a9338f060b01",{"data.score":7111},{"data.score":30},null],[24,12,"scores",["lead_id","L-000012"],"upsert","8e4af103-7628-473a-aaab-6c6d657a19fb",{"data.score":7112},{"data.score":83},null]]' AS BLOB), CAST('[[0,"updated","086cf93b-e28b-4ab8-ae35-a9338f060b01",""],[1,"updated","8e4af103-7628-473a-aaab-6c6d657a19fb",""]]' AS BLOB));
INSERT INTO batches VALUES (5, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'create', 'settled', 'array', 4, '8897c1a3-c757-4720-af72-cabc46264df6', 1795966110964, 1795966110964, 1795966110982, 1795966111616, CAST('[[21,1,"notes",null,"insert",null,{"data.name":"Note 2","data.score":0},{},"6e3d20605770e6fea79d41a6d2d40dfc"],[22,2,"notes",null,"insert",null,{"data.name":"Note 2","data.score":1},{},"22abd40539b366d079c6c96260cd802a"],[23,3,"notes",null,"insert",null,{"data.name":"Note 2","data.score":2},{},"8395375772a4438abfc3a4971fada9c8"],[24,4,"notes",null,"insert",null,{"data.name":"Note 2","data.score":3},{},"fb4269e4b715e758bece727abd680eb4"]]' AS BLOB), CAST('[[0,"created","4f7c0a37-fa24-4c72-a3ce-dbd8672a3ab0",""],[1,"created","01e01ede-d8bc-4d5d-aa98-1367521a9610",""],[2,"created","e620c5b4-616c-4bc3-a114-7d795d223fbb",""],[3,"created","8b30a24f-f675-4e6c-aa3b-7d9d1a64aea6",""]]' AS BLOB));
INSERT INTO batches VALUES (6, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'create', 'settled', 'array', 8, '1f00d2ec-2779-4392-ad65-83892e4d4a90', 1795966110989, 1795966110989, 1795966110992, 1795966111614, CAST('[[1,1,"scores",["lead_id","D2-0"],"upsert",null,{"data.lead_id":"D2-0","data.score":0},{},null],[2,2,"scores",["lead_id","D2-1"],"upsert",null,{"data.lead_id":"D2-1","data.score":1},{},null],[3,3,"scores",["lead_id","D2-2"],"upsert",null,{"data.lead_id":"D2-2","data.score":2},{},null],[4,4,"scores",["lead_id","D2-3"],"upsert",null,{"data.lead_id":"D2-3","data.score":3},{},null],[5,5,"scores",["lead_id","D2-4"],"upsert",null,{"data.lead_id":"D2-4","data.score":4},{},null],[6,6,"scores",["lead_id","D2-5"],"upsert",null,{"data.lead_id":"D2-5","data.score":5},{},null],[7,7,"scores",["lead_id","D2-6"],"upsert",null,{"data.lead_id":"D2-6","data.score":6},{},null],[8,8,"scores",["lead_id","D2-7"],"upsert",null,{"data.lead_id":"D2-7","data.score":7},{},null]]' AS BLOB), CAST('[[0,"created","bf9839f6-1364-4ed6-a835-660554cde1ae",""],[1,"created","c590c8a0-2a84-4788-aee0-4259d95faad0",""],[2,"created","553b77b2-0c30-4d3e-a6d8-5463bc11d77d",""],[3,"created","8d9a7fc6-79fe-49bf-ad9e-d1654ad30241",""],[4,"created","985019b9-f4e6-461d-a8de-c644c1a9f22e",""],[5,"created","54b324c2-2df8-4e8f-a875-c5ff221cbc5d",""],[6,"created","b2201441-8aee-4d96-afc6-98ad37e37542",""],[7,"created","9517b8b7-86e4-4361-a388-0c5c62c613e3",""]]' AS BLOB));
INSERT INTO batches VALUES (7, 2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'update', 'settled', 'nested', 12, '92773887-0322-4199-a4bd-0b753740c224', 1795966110990, 1795966110990, 1795966110995, 1795966111609, CAST('[[9,1,"scores",["lead_id","L-000001"],"upsert","200d18c1-f67c-4092-af3a-85ce6fed2a03",{"data.score":7201},{"data.score":7101},null],[10,2,"scores",["lead_id","L-000002"],"upsert","1ac6aed9-9b13-4e3e-a6fb-2bd93ae25a35",{"data.score":7202},{"data.score":7102},null],[11,3,"scores",["lead_id","L-000003"],"upsert","4a0e3f66-e8ce-4733-a782-281637031ec1",{"data.score":7203},{"data.score":7103},null],[12,4,"scores",["lead_id","L-000004"],"upsert","1d96dd82-2b73-45ac-addd-6ecf09a3704d",{"data.score":7204},{"data.score":7104},null],[13,5,"scores",["lead_id","L-000005"],"upsert","aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5",{"data.score":7205},{"data.score":7105},null],[14,6,"scores",["lead_id","L-000006"],"upsert","103a17df-1063-43f3-a37d-249712a4a22b",{"data.score":7206},{"data.score":7106},null],[15,7,"scores",["lead_id","L-000007"],"upsert","8a466721-8074-4028-a5d6-fc4357246cf2",{"data.score":7207},{"data.score":7107},null],[16,8,"scores",["lead_id","L-000008"],"upsert","f3837bf6-ff68-4260-ab77-6970a3197d8a",{"data.score":7208},{"data.score":7108},null],[17,9,"scores",["lead_id","L-000009"],"upsert","0e07cadd-e180-4fc4-a0f3-9664b49997bb",{"data.score":7209},{"data.score":7109},null],[18,10,"scores",["lead_id","L-000010"],"upsert","ce797584-729e-446e-a2a9-88f24bd818dd",{"data.score":7210},{"data.score":7110},null],[19,11,"scores",["lead_id","L-000011"],"upsert","086cf93b-e28b-4ab8-ae35-a9338f060b01",{"data.score":7211},{"data.score":7111},null],[20,12,"scores",["lead_id","L-000012"],"upsert","8e4af103-7628-473a-aaab-6c6d657a19fb",{"data.score":7212},{"data.score":7112},null]]' AS BLOB), CAST('[[0,"updated","200d18c1-f67c-4092-af3a-85ce6fed2a03",""],[1,"updated","1ac6aed9-9b13-4e3e-a6fb-2bd93ae25a35",""],[2,"updated","4a0e3f66-e8ce-4733-a782-281637031ec1",""],[3,"updated","1d96dd82-2b73-45ac-addd-6ecf09a3704d",""],[4,"updated","aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5",""],[5,"updated","103a17df-1063-43f3-a37d-249712a4a22b",""],[6,"updated","8a466721-8074-4028-a5d6-fc4357246cf2",""],[7,"updated","f3837bf6-ff68-4260-ab77-6970a3197d8a",""],[8,"updated","0e07cadd-e180-4fc4-a0f3-9664b49997bb",""],[9,"updated","ce797584-729e-446e-a2a9-88f24bd818dd",""],[10,"updated","086cf93b-e28b-4ab8-ae35-a9338f060b01",""],[11,"updated","8e4af103-7628-473a-aaab-6c6d657a19fb",""]]' AS BLOB));
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
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D1-0', '4b572559-ae2d-4cf4-aa84-6106e71f56c2', CAST('{"data.lead_id":"D1-0","data.score":0}' AS BLOB), NULL, 'scores', 1, 0, 1795966109439, 1795966109489);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D1-1', '7c8c9475-3e3e-475f-ae39-1f0b897c69fc', CAST('{"data.lead_id":"D1-1","data.score":1}' AS BLOB), NULL, 'scores', 1, 0, 1795966109439, 1795966109489);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D1-2', 'cf782793-0381-403e-a749-f3bf7b4b20e9', CAST('{"data.lead_id":"D1-2","data.score":2}' AS BLOB), NULL, 'scores', 1, 0, 1795966109439, 1795966109489);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D1-3', 'c7b73eea-45f2-4bf4-a148-1d2ed964fae3', CAST('{"data.lead_id":"D1-3","data.score":3}' AS BLOB), NULL, 'scores', 1, 0, 1795966109439, 1795966109489);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D1-4', '9ebaabfb-0344-42aa-a1eb-95c2587fa285', CAST('{"data.lead_id":"D1-4","data.score":4}' AS BLOB), NULL, 'scores', 1, 0, 1795966109439, 1795966109489);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D1-5', 'cf72d0ce-c029-4a0d-ae7e-88a589c3d7eb', CAST('{"data.lead_id":"D1-5","data.score":5}' AS BLOB), NULL, 'scores', 1, 0, 1795966109439, 1795966109489);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D1-6', '9c7943c9-1e78-42b8-a07a-e4524c284200', CAST('{"data.lead_id":"D1-6","data.score":6}' AS BLOB), NULL, 'scores', 1, 0, 1795966109439, 1795966109489);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D1-7', 'c5f2a1eb-487b-44fe-a43a-79389424f7d6', CAST('{"data.lead_id":"D1-7","data.score":7}' AS BLOB), NULL, 'scores', 1, 0, 1795966109439, 1795966109489);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D2-0', 'bf9839f6-1364-4ed6-a835-660554cde1ae', CAST('{"data.lead_id":"D2-0","data.score":0}' AS BLOB), NULL, 'scores', 1, 0, 1795966110992, 1795966111082);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D2-1', 'c590c8a0-2a84-4788-aee0-4259d95faad0', CAST('{"data.lead_id":"D2-1","data.score":1}' AS BLOB), NULL, 'scores', 1, 0, 1795966110992, 1795966111082);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D2-2', '553b77b2-0c30-4d3e-a6d8-5463bc11d77d', CAST('{"data.lead_id":"D2-2","data.score":2}' AS BLOB), NULL, 'scores', 1, 0, 1795966110992, 1795966111082);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D2-3', '8d9a7fc6-79fe-49bf-ad9e-d1654ad30241', CAST('{"data.lead_id":"D2-3","data.score":3}' AS BLOB), NULL, 'scores', 1, 0, 1795966110992, 1795966111082);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D2-4', '985019b9-f4e6-461d-a8de-c644c1a9f22e', CAST('{"data.lead_id":"D2-4","data.score":4}' AS BLOB), NULL, 'scores', 1, 0, 1795966110992, 1795966111082);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D2-5', '54b324c2-2df8-4e8f-a875-c5ff221cbc5d', CAST('{"data.lead_id":"D2-5","data.score":5}' AS BLOB), NULL, 'scores', 1, 0, 1795966110992, 1795966111082);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D2-6', 'b2201441-8aee-4d96-afc6-98ad37e37542', CAST('{"data.lead_id":"D2-6","data.score":6}' AS BLOB), NULL, 'scores', 1, 0, 1795966110992, 1795966111082);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'D2-7', '9517b8b7-86e4-4361-a388-0c5c62c613e3', CAST('{"data.lead_id":"D2-7","data.score":7}' AS BLOB), NULL, 'scores', 1, 0, 1795966110992, 1795966111082);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000001', '200d18c1-f67c-4092-af3a-85ce6fed2a03', CAST('{"data.score":7201}' AS BLOB), NULL, 'scores', 0, 0, 1795966110995, 1795966111132);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000002', '1ac6aed9-9b13-4e3e-a6fb-2bd93ae25a35', CAST('{"data.score":7202}' AS BLOB), NULL, 'scores', 0, 0, 1795966110995, 1795966111132);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000003', '4a0e3f66-e8ce-4733-a782-281637031ec1', CAST('{"data.score":7203}' AS BLOB), NULL, 'scores', 0, 0, 1795966110995, 1795966111132);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000004', '1d96dd82-2b73-45ac-addd-6ecf09a3704d', CAST('{"data.score":7204}' AS BLOB), NULL, 'scores', 0, 0, 1795966110995, 1795966111132);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000005', 'aa5a4af1-ee2b-41cd-a6bf-9415a97b16f5', CAST('{"data.score":7205}' AS BLOB), NULL, 'scores', 0, 0, 1795966110995, 1795966111132);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000006', '103a17df-1063-43f3-a37d-249712a4a22b', CAST('{"data.score":7206}' AS BLOB), NULL, 'scores', 0, 0, 1795966110995, 1795966111132);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000007', '8a466721-8074-4028-a5d6-fc4357246cf2', CAST('{"data.score":7207}' AS BLOB), NULL, 'scores', 0, 0, 1795966110995, 1795966111132);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000008', 'f3837bf6-ff68-4260-ab77-6970a3197d8a', CAST('{"data.score":7208}' AS BLOB), NULL, 'scores', 0, 0, 1795966110995, 1795966111132);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000009', '0e07cadd-e180-4fc4-a0f3-9664b49997bb', CAST('{"data.score":7209}' AS BLOB), NULL, 'scores', 0, 0, 1795966110995, 1795966111132);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000010', 'ce797584-729e-446e-a2a9-88f24bd818dd', CAST('{"data.score":7210}' AS BLOB), NULL, 'scores', 0, 0, 1795966110995, 1795966111132);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000011', '086cf93b-e28b-4ab8-ae35-a9338f060b01', CAST('{"data.score":7211}' AS BLOB), NULL, 'scores', 0, 0, 1795966110995, 1795966111132);
INSERT INTO confirmed VALUES ('5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'lead_id', 'L-000012', '8e4af103-7628-473a-aaab-6c6d657a19fb', CAST('{"data.score":7212}' AS BLOB), NULL, 'scores', 0, 0, 1795966110995, 1795966111132);
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
	origin TEXT, 
	seq INTEGER, 
	PRIMARY KEY (id)
);
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	began_ms BIGINT NOT NULL, 
	ended_ms BIGINT, 
	exit_code INTEGER, 
	receipt TEXT, 
	load TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO runs VALUES (1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'pid 1 on somewhere, dlt pipeline ''push''', 1795966108743, 1795966110080, 0, '{"run":1,"rows_in":24,"outcomes":{"created":12,"merged":0,"updated":12,"deleted":0,"unchanged":0,"superseded":0,"rejected":0,"unknown":0,"not sent":0},"streams":{"notes":{"rows_in":4,"outcomes":{"created":4,"merged":0,"updated":0,"deleted":0,"unchanged":0,"superseded":0,"rejected":0,"unknown":0,"not sent":0}},"scores":{"rows_in":20,"outcomes":{"created":8,"merged":0,"updated":12,"deleted":0,"unchanged":0,"superseded":0,"rejected":0,"unknown":0,"not sent":0}}},"unknown":0,"requests":24,"requests_repeated":0,"jobs":4,"seconds":1.386,"waited_for_pace":0.0,"stopped":false,"error":null,"halted":[],"load":"push/1795966108.522259","load_complete":true}', 'push/1795966108.522259');
INSERT INTO runs VALUES (2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'pid 1 on somewhere, dlt pipeline ''push''', 1795966110920, NULL, NULL, NULL, 'push/1795966110.7611668');
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
INSERT INTO twins VALUES (1, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', '6e3d20605770e6fea79d41a6d2d40dfc', 2, 21, 5, 0);
INSERT INTO twins VALUES (2, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', '22abd40539b366d079c6c96260cd802a', 2, 22, 5, 1);
INSERT INTO twins VALUES (3, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', '8395375772a4438abfc3a4971fada9c8', 2, 23, 5, 2);
INSERT INTO twins VALUES (4, '5c988e1e-3d8c-58f5-932c-54f85743c3b2', 'lead', 'notes', 'fb4269e4b715e758bece727abd680eb4', 2, 24, 5, 3);
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
INSERT INTO version VALUES (3);
CREATE INDEX batches_by_state ON batches (account, state);
CREATE INDEX rejects_by_key ON rejects (account, procedure, attribute, "key");
CREATE INDEX twins_by_batch ON twins (batch);
CREATE INDEX twins_by_hash ON twins (account, stream, twin);
