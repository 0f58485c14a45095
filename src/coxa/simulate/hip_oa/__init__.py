"""A three-arm trial of exercise and of manual therapy for hip osteoarthritis, made up from its parts."""
