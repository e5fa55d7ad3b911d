-- What the past is made of. Each number of the past is drawn from the row's own number, so that the same size
-- always makes the same past.
CREATE SCHEMA bench;

CREATE FUNCTION bench.chance(number bigint, salt bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (hashint8extended(number, salt) & 1048575) / 1048576.0;

CREATE FUNCTION bench.pick(among text[], number bigint, salt bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN among[1 + (hashint8extended(number, salt) & 1048575) % cardinality(among)];

-- A number's own reference: an odd factor scatters it over 32 bits, written in sixteen of the letters.
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

-- A request that was routed once, by the rule itself: thousands of the past are copies of it.
CREATE TABLE bench.example (example int PRIMARY KEY, commune text, commune_name text, region text);
CREATE TABLE bench.example_need (
    example int, position int, subject bigint, decision jsonb, is_fallback bool, PRIMARY KEY (example, position));
CREATE TABLE bench.example_box (example int, box int, email text, PRIMARY KEY (example, box));
CREATE TABLE bench.example_match (
    example int, position int, match int, is_first bool, box int, expert bigint, reason jsonb,
    PRIMARY KEY (example, match));

-- Of each request: which example it copies, when it was sent, and how it ends.
CREATE TABLE bench.request (
    number bigint PRIMARY KEY, example int, sent_at timestamptz, fate text, ended_at timestamptz);

-- The matches of a request and how each of them ended.
CREATE TABLE bench.match (
    id bigint PRIMARY KEY, number bigint, example int, position int, is_first bool, box int, expert bigint,
    reason jsonb, state text,
    sent_at timestamptz, taken_at timestamptz, ended_at timestamptz);

-- What the clock has done about them.
CREATE TABLE bench.mark (number bigint, match bigint, kind text, at timestamptz);
