"""The pages of the room: the owner's, the expert's, the staff's."""
