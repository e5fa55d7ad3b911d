"""Subjects suggested from the text in which a person describes a need: its wording.

``loading.suggest`` answers; ``engine`` decides, without Django or database.
"""
