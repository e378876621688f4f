"""The page of a parcel, by the link of a letter: hers who has it, and nobody is signed in."""
