"""Subjects suggested from the words of a person.

``loading.suggest`` answers; ``engine`` decides, without Django or database.
"""
