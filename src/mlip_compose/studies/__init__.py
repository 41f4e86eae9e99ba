"""Study files, units of work, their execution and provenance: what joins the parts."""
