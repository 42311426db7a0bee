insert into t_num values
  (:k + 1, 1, 2, 3, 1234567890.0987654321, 123.45, 9876543210, 1234567890123456789012345678.0123456789, 12345, 1.5, 2.25, 1234.56, 4294967295, true, 1, 2, '42', '16/B374D848'),
  (:k + 2, -32768, -2147483648, -9223372036854775808, -0.00001, -999.99, -1, -0.0000000001, -12300, -1.17549e-38, 4.9e-324, -92233720368547758.08, 0, false, -1, -2, '0', '0/0'),
  (:k + 3, 32767, 2147483647, 9223372036854775807, 100, 0, 0, 0, 0, 3.4028235e38, 1.7976931348623157e308, 0, 1, null, 3, 4, null, null),
  (:k + 4, null, null, null, null, null, null, null, null, null, null, null, null, null, 5, 6, null, null),
  (:k + 5, 0, 0, 0, 0.00, 1.10, 10, 1.5, 100, 0.1, 0.1, 1, 2, true, 7, 8, null, 'FFFFFFFF/FFFFFFFF'),
  (:k + 6, 0, 0, 0, 1e30, 1.10, 10, 1.5, 100, 1e20, 1e25, 1, 2, true, 7, 8, null, null),
  (:k + 7, 0, 0, 0, 1e-30, -1.28, 128, -1.28, 100, -0, 1e-7, 1, 2, true, 7, 8, null, null),
  (:k + 8, 0, 0, 0, 12.50, 0.01, 255, 12345678901234567890, 100, 123456.789, 123456789.123456789, 1, 2, true, 7, 8, null, null);
insert into t_num (id, c_real, c_double, c_serial) values (:k + 9, 'Infinity', '-Infinity', 1), (:k + 10, 'NaN', 'NaN', 1), (:k + 11, '-Infinity', 'Infinity', 1);
insert into t_num (id, c_num, c_num_5_2) values (:k + 12, 'NaN', 'NaN');
insert into t_time values
  (:k + 1, '2026-03-04', '12:34:56.789012', '12:34:56', '12:34:56.789', '12:34:56.7890', '12:34:56.789012', '12:34:56.789012+02', '12:34:56.789-05:30',
    '2026-03-04 12:34:56.789012', '2026-03-04 12:34:56', '2026-03-04 12:34:56.789', '2026-03-04 12:34:56.7890', '2026-03-04 12:34:56.789012', '2026-03-04 12:34:56.789012+02', '2026-03-04 12:34:56+02', '2026-03-04 12:34:56.789+02', '2026-03-04 12:34:56.5+02', '1 year 2 mons 3 days 04:05:06.789012', '1 year 2 mons'),
  (:k + 2, '1969-12-31', '00:00:00', '00:00:00', '00:00:00', '00:00:00', '00:00:00', '00:00:00Z', '00:00:00Z', '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59', '1969-12-31 23:59:59.999', '1969-12-31 23:59:59.9999', '1970-01-01', '1970-01-01 00:00:00Z', '1970-01-01 00:00:00Z', '1969-12-31 23:59:59.999Z', '1969-12-31 23:59:59.000001Z', '-1 day', '0'),
  (:k + 3, '0001-01-01', '23:59:59.999999', '24:00:00', '24:00:00', '24:00:00', '24:00:00', '24:00:00Z', '23:59:59.999+14', '0001-01-01 00:00:00', '1582-10-04', '1582-10-15', '1900-01-01', '0001-01-01 00:00:00', '0001-01-01 00:00:00Z', '1582-10-04 00:00:00Z', '1582-10-15 00:00:00Z', '1900-01-01 00:00:00Z', '-1 years -2 mons +3 days -04:05:06', '-1 year'),
  (:k + 4, '9999-12-31', '01:02:03.1', '01:02:03', '01:02:03.1', '01:02:03.1', '01:02:03.1', '01:02:03.1+01', '01:02:03.1+01', '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59', '9999-12-31 23:59:59.999', '9999-12-31 23:59:59.9999', '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999Z', '9999-12-31 23:59:59Z', '9999-12-31 23:59:59.999Z', '9999-12-31 23:59:59.999999Z', '00:00:00.000001', '11 mons'),
  (:k + 5, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
insert into t_time (id, c_date, c_ts, c_ts3, c_ts6, c_tstz) values (:k + 6, 'infinity', 'infinity', 'infinity', 'infinity', 'infinity'), (:k + 7, '-infinity', '-infinity', '-infinity', '-infinity', '-infinity');
insert into t_time (id, c_date, c_ts, c_ts3, c_tstz) values (:k + 8, '0044-03-15 BC', '0044-03-15 12:00:00 BC', '0044-03-15 12:00:00 BC', '0044-03-15 12:00:00Z BC'), (:k + 9, '12026-01-01', '12026-01-01 00:00:00', '12026-01-01 00:00:00', '12026-01-01 00:00:00.5Z');
insert into t_text values
  (:k + 1, 'plain', 'varchar', '0123456789', 'c', 'ab', 'x', 'a_name', 'CiText', '<a b="c">d</a>', '{"a" : 1,  "a":2}', '{"a" : 1,  "b":[1, null, "x"]}', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a fat cat sat:3', 'fat & cat', 'Top.Science', 'ab  '),
  (:k + 2, '', '', '', '', '', '', '', '', '', 'null', 'null', '00000000-0000-0000-0000-000000000000', '', '', '', ''),
  (:k + 3, E'quote " back \\ tab \t nl \n cr \r bs \b ff \f bell \x07 del \x7f slash / <>&''', 'ünï çødé', '日本語', 'ß', 'é', 'y', 'n', E'\U0001F600', '<x>ü</x>', '"s"', '{"k": "ü\n\""}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '''it''''s'':1', '!a | b', 'a.b.c', 'z'),
  (:k + 4, E'\u2028 \u2029 \uFEFF \u0085', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
insert into t_bin values
  (:k + 1, '\x00ff10deadbeef', B'1', B'0', B'10101010', B'10000000000000001', B'1', B'11', B'1010101010101010101010101010101010101010101010101010101010101010101'),
  (:k + 2, '', B'0', B'1', B'00000001', B'00000000000000001', B'', B'0', B'0000'),
  (:k + 3, '\xff', null, null, B'11111111', B'11111111111111111', B'0000000000000001', null, B'1'),
  (:k + 4, null, null, null, B'00000000', null, null, null, null);
insert into t_net values (:k + 1, '192.168.1.5', '10.1.0.0/16', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05'), (:k + 2, '192.168.1.5/24', '2001:db8::/32', '08002b:010203', '08:00:2b:01:02:03'), (:k + 3, '::1', '10.0.0.0/8', null, null), (:k + 4, null, null, null, null);
insert into t_range values (:k + 1, '[1,5)', '(1,5]', '[1.5,2.5]', '[2026-01-01 00:00,2026-01-02 12:30]', '[2026-01-01 00:00Z,2026-01-02 12:30Z)', '[2026-01-01,2026-02-01)', '{[1,2),[5,8)}'), (:k + 2, 'empty', '(,)', '[,1]', '(,)', '[2026-01-01 00:00+02,)', '(,2026-01-01]', '{}'), (:k + 3, null, null, null, null, null, null, null);
insert into t_geo values (:k + 1, '(1.5,-2)', '{1,2,3}', '[(0,0),(1,1)]', '(2,2),(0,0)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(1,2),3>'), (:k + 2, '(0,1e300)', null, null, null, '((0,0),(1,1))', null, null), (:k + 3, null, null, null, null, null, null, null);
insert into t_user values (:k + 1, 'ok', 5, 1.5, 2.25, 'abc', 'sad', '{1,2}', '(1,"x y")', 'a=>1, "b c"=>"d\"e", n=>NULL', 'pg_class'), (:k + 2, 'very "happy"', null, null, 0, null, 'a,b', null, null, '', null), (:k + 3, null, null, null, -1, null, null, '{}', '(,)', null, null);
insert into t_arr values
  (:k + 1, '{1,-2}', '{1,null,3}', '{9223372036854775807}', '{1.5,2.25}', '{1.5,200}', '{1.5,NaN}', '{2.5,-Infinity}', '{t,f,null}', E'{a,"b c","d\\"e","f\\\\g",NULL,"NULL","","{x}"}', '{abc,"d,e"}', '{a,abc}',
    '{2026-01-01,1969-12-31}', '{12:34:56.789012}', '{12:34:56+02}', '{"2026-01-01 12:00:00.123456"}', '{"2026-01-01 12:00:00.123"}', '{"2026-01-01 12:00:00.5+02"}', '{"1 day","2 hours"}', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', '{"{\"a\": 1}"}', '{"{\"a\": 1}","[1]"}', '{"\\x0102","\\xff"}', '{10.0.0.1,::1}', '{10.0.0.0/8}', '{08:00:2b:01:02:03}',
    '{sad,"a,b"}', '{$1.50,-$2.00}', '{1,2}', '{"[1,2)","[3,4)"}', '{"[2026-01-01,2026-01-02)"}', '{CiText}', '{"a=>1","b=>NULL"}', '{"(1,2)","(3,4)"}', '{101,010}', '{1,10}', '{a.b,c}', '{1.5,2}', '{<a/>}'),
  (:k + 2, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
  (:k + 3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
insert into t_arr2 values (:k + 1, '{{1,2},{3,4}}', '{{a,b},{c,d}}', '{}'), (:k + 2, '[0:2]={1,2,3}', '{{{x}}}', null);
insert into t_default (id) values (:k + 1);
insert into t_default (id, d_int4, d_text, d_varchar, d_numeric, d_jsonb, d_ts3) values (:k + 2, null, 'other', null, null, null, null);
insert into t_default2 (id) values (:k + 1);
insert into t_notnull values (:k + 1, 1, 2, 'x', true, 1.5, 2.5, 1.5, 2.5, '2026-01-01', '12:00', '2026-01-01', '2026-01-01Z', '\x01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{}', B'1', B'10101', '(1,2)', '1 day', '{1}', 'ok', 'a=>1', 1.5, '10.0.0.1', '12:00+01', '<a/>', '[1,2)');
insert into t_unique values (:k + 1, 'b', 'c');
insert into t_unique_full values (:k + 1, 'b' || :k, 'c');
insert into t_nokey values (:k + 1, 'b'), (null, null);
insert into t_keys values ('x', :k + 1, 'c', '2026-01-01');
insert into t_full values (:k + 1, 'n', repeat('x', 10), 1.5);
insert into t_toast values (:k + 1, (select string_agg(md5(i::text), '') from generate_series(1, 200) i), 's', (select string_agg(md5(i::text), '') from generate_series(1, 200) i), decode((select string_agg(md5(i::text), '') from generate_series(1, 200) i), 'hex'), (select jsonb_agg(i) from generate_series(1, 1000) i), (select array_agg(md5(i::text)) from generate_series(1, 200) i), (select array_agg(i) from generate_series(1, 1000) i), (select hstore(array_agg(i::text), array_agg(md5(i::text))) from generate_series(1, 200) i), (select array_agg(i) from generate_series(1, 1000) i), (select array_agg(true) from generate_series(1, 5000) i));
insert into t_gen values (:k + 1, 21);
insert into t_part values (:k + 1, 'eu', 'v'), (:k + 2, 'us', 'w');
insert into "Odd Schema"."Tab-le.Ünï" values (:k + 1, 'v', 1);
