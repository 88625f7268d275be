"""The forecast: how many trials a sweep trains, and how long that takes.

``planned`` counts them before anything is trained, ``standing`` corrects that by where the sweep stands,
which ``stage`` knows. ``forecast`` says when the end comes, by the speeds that the ledger has learned, of
networks that are ``typical`` of arms which have trained none yet, without the time that the ``clock`` saw
workers start. ``predictions`` are kept, to be held against the truth.

What a trial of the search takes is a mean over its arm; of an arm with few trials it is rather what all
networks so far say of ones with as many members and FLOPs. So the search, which is most of the time and comes
late, is known before it begins to within a third or so.
"""
