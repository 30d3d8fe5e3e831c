-- Small expressions that the other statements share. Reads and writes nothing.
-- Parts: {card} the pattern of card numbers, {real} of whole numbers as floats, {wide} and {narrow}
-- characters and what they become.

-- TIMESTAMPTZ → TIMESTAMP in UTC; infinite values have no place on a calendar.
CREATE OR REPLACE TEMP MACRO utc(moment) AS
    CASE WHEN isfinite(moment) THEN make_timestamp(epoch_us(moment)) END;

-- Epochs in whole units: `factor` microseconds each, or `divisor` units to a microsecond; outside of [low, high]
-- (the years 1 and 9999) there is no time.
CREATE OR REPLACE TEMP MACRO epoch_whole(units, factor, divisor, low, high) AS
    CASE WHEN units BETWEEN low AND high THEN make_timestamp(units * factor // divisor) END;

CREATE OR REPLACE TEMP MACRO epoch_real(units, factor, divisor, low, high) AS
    CASE WHEN units BETWEEN low AND high THEN make_timestamp(CAST(round(units * factor / divisor) AS BIGINT)) END;

-- Epochs as text, exactly: the fraction is cut off behind the microsecond, which is `places` digits in.
CREATE OR REPLACE TEMP MACRO epoch_text(units, factor, divisor, places, low, high) AS
    CASE WHEN regexp_full_match(units, '-?[0-9]{1,19}') THEN epoch_whole(TRY_CAST(units AS BIGINT), factor, divisor, low, high)
         WHEN regexp_full_match(units, '-?[0-9]{1,19}[.][0-9]*')
         THEN epoch_whole(TRY_CAST(split_part(units, '.', 1) AS BIGINT), factor, divisor, low, high)
              + to_microseconds(CASE WHEN units[1] = '-' THEN -1 ELSE 1 END
                    * CAST('0' || rpad(substr(split_part(units, '.', 2), 1, places), places, '0') AS BIGINT))
    END;

-- A whole number written as text or as a float; NULL where it is none, or too large.
CREATE OR REPLACE TEMP MACRO whole_text(number) AS
    CASE WHEN regexp_full_match(number, '[+-]?[0-9]+([.]0*)?')
         THEN TRY_CAST(split_part(number, '.', 1) AS BIGINT) END;

CREATE OR REPLACE TEMP MACRO whole_real(number) AS
    CASE WHEN number = trunc(number) THEN TRY_CAST(number AS BIGINT) END;

-- Luhn check sum (ISO/IEC 7812-1, annex B) over a text of digits.
CREATE OR REPLACE TEMP MACRO luhn(digits) AS
    list_sum(list_transform(
        range(1, length(digits) + 1),
        lambda place: CASE WHEN (length(digits) - place) % 2 = 1
                           THEN [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][CAST(digits[place] AS INTEGER) + 1]
                           ELSE CAST(digits[place] AS INTEGER) END)) % 10 = 0;

CREATE OR REPLACE TEMP MACRO card_digits(digits) AS
    CASE WHEN regexp_full_match(digits, '{card}') THEN luhn(digits) ELSE false END;

-- Full-width forms as their plain characters: the part of NFKC that changes what a template looks like.
CREATE OR REPLACE TEMP MACRO plain_characters(text) AS
    CASE WHEN regexp_matches(text, '[\x{FF01}-\x{FF5E}]') THEN translate(text, '{wide}', '{narrow}') ELSE text END;

-- Digits in any grouping, or a whole number written as a float. Nearly every token holds a letter besides E, and is
-- done with at once.
CREATE OR REPLACE TEMP MACRO is_card(text) AS
    CASE WHEN regexp_matches(text, '[A-DF-Za-df-z]') THEN false
         WHEN regexp_full_match(text, '\s*({real})\s*')
              AND card_digits(CAST(CAST(TRY_CAST(text AS DECIMAL(38, 9)) AS HUGEINT) AS VARCHAR)) THEN true
         WHEN regexp_matches(text, '[Ee]') THEN false
         ELSE card_digits(regexp_replace(plain_characters(text), '[^0-9]', '', 'g')) END;

-- HMAC-SHA256 (RFC 2104) of a text under the key whose two blocks are given.
CREATE OR REPLACE TEMP MACRO keyed(text, inner_block, outer_block) AS
    sha256(outer_block || unhex(sha256(inner_block || encode(text))));

-- A prompt without what varies from one filling of its template to the next: letter case, full-width forms, addresses
-- of the web and of people, identifiers in hexadecimal, numbers and white space. The order matters: an address is
-- recognised before its digits are.
CREATE OR REPLACE TEMP MACRO prompt_template(prompt) AS
    trim(
    regexp_replace(
    regexp_replace(
    regexp_replace(
    regexp_replace(
    regexp_replace(
    lower(plain_characters(nfc_normalize(prompt))),
        '[a-z][a-z0-9+.-]*://[^\s<>"]+|www[.][^\s<>"]+', '<url>', 'g'),
        '[a-z0-9._%+-]+@[a-z0-9.-]+[.][a-z]{2,}', '<mail>', 'g'),
        '\b(0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,})\b', '<hex>', 'g'),
        '[\pN]+([.,:/-][\pN]+)*', '<n>', 'g'),
        '[\s\p{Z}\p{Cc}]+', ' ', 'g'));

CREATE OR REPLACE TEMP MACRO quad(text) AS
    regexp_full_match(text, '((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])[.]){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])');

-- Halves of a 128-bit digest: the upper 64 bits, the lower 48.
CREATE OR REPLACE TEMP MACRO high(digest) AS CAST(CAST(digest AS UHUGEINT) >> 64 AS UBIGINT);

CREATE OR REPLACE TEMP MACRO low(digest) AS CAST('0x' || substr(CAST(digest AS VARCHAR), 25, 12) AS UBIGINT);

-- /24 of a dotted quad, and whether it lies in private, shared, loopback, link-local, multicast or reserved space
-- (the same blocks as in addresses.py).
CREATE OR REPLACE TEMP MACRO v4_network(quad) AS regexp_replace(quad, '[.][0-9]+$', '.0/24');

CREATE OR REPLACE TEMP MACRO v4_not_public(quad) AS
    regexp_matches(quad, '^(0|10|127|22[4-9]|2[3-5][0-9])[.]')
    OR regexp_matches(quad, '^(100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])|169[.]254|172[.](1[6-9]|2[0-9]|3[01])|192[.]168|192[.]0[.]0)[.]');
