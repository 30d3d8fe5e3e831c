-- Daily activity of the accounts of a bundle.
-- reads: activity, wanted (account)
SELECT activity.*
FROM activity
SEMI JOIN wanted ON wanted.account = activity.account
ORDER BY activity.day, activity.account
