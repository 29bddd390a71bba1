-- Reports of a period look at the segments of that time, not at those of a year: the months of activation alone
-- do not tell, since a campaign may go on for long. Reports come in by time, and so lie together.
create index segment_time on segment using brin (updated_at) with (pages_per_range = 32, autosummarize = on);
