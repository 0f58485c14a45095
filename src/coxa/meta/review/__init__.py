"""A plan of a meta-analysis, carried out: the effects of its studies, pooled in every way that it asks for."""
