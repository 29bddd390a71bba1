-- Erlang's loss formula (B): traffic offered to a group of lines without a queue.
create or replace function erlang_b(traffic double precision, lines integer) returns double precision
language plpgsql immutable strict parallel safe as $$
declare
  blocked double precision := 1;
begin
  for n in 1 .. lines loop
    blocked := traffic * blocked / (n + traffic * blocked);
  end loop;
  return blocked;
end
$$;
comment on function erlang_b is 'The share of calls that find all lines busy.';

create or replace function lines_needed(traffic double precision, blocking double precision) returns integer
language plpgsql immutable strict parallel safe as $$
declare
  blocked double precision := 1;
  n integer := 0;
begin
  while blocked > blocking loop
    n := n + 1;
    blocked := traffic * blocked / (n + traffic * blocked);
  end loop;
  return n;
end
$$;
comment on function lines_needed is 'The fewest lines with which at most the share blocking of calls is lost (Erlang B).';
