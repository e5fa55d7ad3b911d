-- Functions and work tables of the history. Random values are derived from the number of the row, so that the
-- same size always gives the same history.
CREATE SCHEMA bench;

CREATE FUNCTION bench.chance(number bigint, salt bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (hashint8extended(number, salt) & 1048575) / 1048576.0;

CREATE FUNCTION bench.pick(among text[], number bigint, salt bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN among[1 + (hashint8extended(number, salt) & 1048575) % cardinality(among)];

-- The reference of a number: an odd factor spreads it over 32 bits, written with sixteen letters.
CREATE FUNCTION bench.reference(number bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN overlay(
        translate(lpad(to_hex(number * 2654435761 & 4294967295), 8, '0'), '0123456789abcdef', '3456789ABCDEFGHJ')
        PLACING '-' FROM 5 FOR 0);

CREATE FUNCTION bench.invented_name(number bigint, salt bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN initcap(
        bench.pick('{ba,lo,ti,ver,ma,sou,che,fro,gu,pli,nor,da,ru,vi,qué,mon,tal,bri,ou,cor}', number, salt)
        || bench.pick('{ra,li,no,ve,ta,mi,sel,bou,du,cha,rin,go,la,pe,zi}', number, salt + 1)
        || bench.pick('{ne,tte,lier,zac,doux,got,rel,vin,nard,mas,sec,leau,ric,val,din}', number, salt + 2));

-- Examples routed by the rule itself; each is copied to thousands of requests.
CREATE TABLE bench.example (example int PRIMARY KEY, commune text, commune_name text, region text);
CREATE TABLE bench.example_need (
    example int, position int, subject bigint, decision jsonb, is_fallback bool, PRIMARY KEY (example, position));
CREATE TABLE bench.example_box (example int, box int, email text, PRIMARY KEY (example, box));
CREATE TABLE bench.example_match (
    example int, position int, match int, is_first bool, box int, expert bigint, reason jsonb,
    PRIMARY KEY (example, match));

-- The example, date and outcome of each request.
CREATE TABLE bench.request (
    number bigint PRIMARY KEY, example int, sent_at timestamptz, outcome text, ended_at timestamptz);

-- The matches of each request, with their outcomes.
CREATE TABLE bench.match (
    id bigint PRIMARY KEY, number bigint, example int, position int, is_first bool, box int, expert bigint,
    reason jsonb, state text,
    sent_at timestamptz, taken_at timestamptz, ended_at timestamptz);

-- Steps that the clock has done.
CREATE TABLE bench.mark (number bigint, match bigint, kind text, at timestamptz);
