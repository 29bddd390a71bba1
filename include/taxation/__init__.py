"""Call accounting: spools of a PBX in, table ``taxdata`` and view ``v_ticket`` out."""
