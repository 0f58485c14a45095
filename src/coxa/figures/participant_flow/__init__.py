"""The participant flow diagram (CONSORT 2025, item 22) as a drawing of boxes, texts and arrows."""
