-- What the PDU codec said of them.
update rendered as r set text = d.text, encoding = d.encoding, segments = d.segments
from decided as d where d.contact_id = r.contact_id
